using System.Globalization;
using HostNode.Engine.Guests;

namespace HostNode.GuestHolder;

/// <summary>What the command line asks for.</summary>
internal sealed record HolderOptions
{
    public const string Usage =
        "usage: guest-holder --dir RUNDIR --vm NAME --memory BYTES --vcpus N --working-set BYTES --dirty-rate BYTES_PER_SECOND --ledger PATH|none [--incoming]";

    public required HolderPaths Paths { get; init; }

    public required SyntheticLayout Layout { get; init; }

    /// <summary>As asked for; the layout may have cut it.</summary>
    public required long WorkingSet { get; init; }

    /// <summary>Bytes of pages touched per second, all vCPUs together.</summary>
    public required long DirtyRate { get; init; }

    public string? Ledger { get; init; }

    public bool Incoming { get; init; }

    /// <exception cref="FormatException">One sentence: what is wrong.</exception>
    public static HolderOptions Parse(string[] arguments)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var incoming = false;
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--incoming") incoming = true;
            else if (i + 1 < arguments.Length && arguments[i].StartsWith("--", StringComparison.Ordinal)) values[arguments[i]] = arguments[++i];
            else throw new FormatException($"not understood: '{arguments[i]}'");
        }

        var vcpus = Number(values, "--vcpus");
        var memory = Number(values, "--memory");
        if (SyntheticLayout.WhyNot(memory, (int)vcpus) is { } reason) throw new FormatException(reason);
        var ledger = Text(values, "--ledger");
        return new HolderOptions
        {
            Paths = new HolderPaths(Text(values, "--dir"), Text(values, "--vm")),
            Layout = new SyntheticLayout(memory, (int)vcpus, Number(values, "--working-set")),
            WorkingSet = Number(values, "--working-set"),
            DirtyRate = Number(values, "--dirty-rate"),
            Ledger = ledger == "none" ? null : ledger,
            Incoming = incoming,
        };
    }

    private static string Text(Dictionary<string, string> values, string name) =>
        values.TryGetValue(name, out var value) && value.Length > 0 ? value : throw new FormatException($"{name} is missing");

    private static long Number(Dictionary<string, string> values, string name) =>
        long.TryParse(Text(values, name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"{name} must be a number of bytes or a count, not '{values[name]}'");
}
