using System.Globalization;
using Coordinator.Shared.Units;

namespace Cli.Output;

/// <summary>Amounts as people write them: <c>64Mi</c>, <c>1.5GiB</c>, <c>4096</c>; binary units only, so that nobody must guess.</summary>
internal static class Sizes
{
    private static readonly (string Suffix, long Factor)[] Units = [("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("Ti", 1L << 40)];

    /// <exception cref="CliException">Not an amount.</exception>
    public static ByteCount Parse(string text, string option)
    {
        var bare = text.Trim();
        if (bare.EndsWith("/s", StringComparison.Ordinal)) bare = bare[..^2];
        if (bare.EndsWith('B')) bare = bare[..^1];
        var factor = 1L;
        foreach (var (suffix, size) in Units)
        {
            if (!bare.EndsWith(suffix, StringComparison.Ordinal)) continue;
            (bare, factor) = (bare[..^2], size);
            break;
        }

        return double.TryParse(bare, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value * factor is >= 0 and <= long.MaxValue / 2
            ? new ByteCount((long)(value * factor))
            : throw new CliException(ExitCodes.Usage, $"{option} '{text}' is no amount", "write it as 4096, 512Ki, 64Mi or 1.5Gi");
    }
}
