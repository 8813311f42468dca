using System.Globalization;

namespace Simulator;

/// <summary>What the command was asked for.</summary>
internal sealed record SimulateOptions(ulong From, ulong Seeds, double? Minutes, IReadOnlySet<string>? Keep, string? History, bool Trace, bool Shrinks, bool Json, bool IsOne)
{
    /// <exception cref="FormatException">Not an option, or not a number.</exception>
    public static SimulateOptions Parse(string[] args)
    {
        var o = new SimulateOptions(1, 100, null, null, null, false, true, false, false);
        for (var i = 0; i < args.Length; i++)
        {
            o = args[i] switch
            {
                "--seed" => o with { From = Number(), Seeds = 1, IsOne = true },
                "--from" => o with { From = Number() },
                "--seeds" => o with { Seeds = Number() },
                "--minutes" => o with { Minutes = double.TryParse(Value(), CultureInfo.InvariantCulture, out var minutes) && minutes > 0 ? minutes : throw new FormatException($"--minutes takes a number, not '{args[i]}'") },
                "--keep" => o with { Keep = Value().Split(',', StringSplitOptions.RemoveEmptyEntries).ToHashSet() },
                "--history" => o with { History = Value() },
                "--trace" => o with { Trace = true },
                "--no-shrink" => o with { Shrinks = false },
                "-o" or "--output" => Value() is "json" ? o with { Json = true } : o,
                _ => throw new FormatException($"unknown option '{args[i]}'"),
            };

            string Value() => ++i < args.Length ? args[i] : throw new FormatException($"{args[i - 1]} needs a value");

            ulong Number() => ulong.TryParse(Value(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"'{args[i]}' is not a number");
        }

        return o.History is null || o.IsOne ? o : throw new FormatException("--history needs --seed");
    }
}
