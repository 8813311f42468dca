using System.Globalization;
using System.Runtime.CompilerServices;

namespace Simulator;

/// <summary>The timeline as text, if somebody asked for it; otherwise a line costs one comparison.</summary>
public sealed class Trace(Timeline time, bool wanted)
{
    private readonly List<string> lines = [];

    public bool Wanted => wanted;

    public IReadOnlyList<string> Lines => lines;

    public void Add([InterpolatedStringHandlerArgument("")] ref Line line)
    {
        if (wanted) lines.Add($"{time.Elapsed.TotalSeconds,9:0.000} {line.Text()}");
    }

    /// <summary>Formats only for a trace that is wanted.</summary>
    [InterpolatedStringHandler]
    public ref struct Line
    {
        private DefaultInterpolatedStringHandler text;

        public Line(int literals, int holes, Trace trace, out bool enabled)
        {
            enabled = trace.Wanted;
            if (enabled) text = new DefaultInterpolatedStringHandler(literals, holes, CultureInfo.InvariantCulture);
        }

        public void AppendLiteral(string part) => text.AppendLiteral(part);

        public void AppendFormatted<T>(T part) => text.AppendFormatted(part);

        public void AppendFormatted<T>(T part, string? format) => text.AppendFormatted(part, format);

        internal string Text() => text.ToStringAndClear();
    }
}
