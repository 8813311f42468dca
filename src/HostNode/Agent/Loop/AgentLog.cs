using System.Globalization;
using System.Text;

namespace HostNode.Agent.Loop;

/// <summary>One line an occurrence: time, level, event name, text, then <c>key=value</c> pairs. Safe from any thread.</summary>
public sealed class AgentLog(TextWriter to, TimeProvider clock)
{
    private readonly Lock _lock = new();

    public void Info(string what, string text, params ReadOnlySpan<(string Key, object? Value)> fields) => Write("info", what, text, fields);

    public void Warn(string what, string text, params ReadOnlySpan<(string Key, object? Value)> fields) => Write("warn", what, text, fields);

    public void Error(string what, string text, params ReadOnlySpan<(string Key, object? Value)> fields) => Write("error", what, text, fields);

    public void Write(string level, string what, string text, ReadOnlySpan<(string Key, object? Value)> fields)
    {
        var line = new StringBuilder()
            .Append(clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture))
            .Append(CultureInfo.InvariantCulture, $" {level,-5} {what} {OneLine(text)}");
        foreach (var (key, value) in fields)
        {
            if (value is not null) line.Append(CultureInfo.InvariantCulture, $" {key}={OneLine(Convert.ToString(value, CultureInfo.InvariantCulture))}");
        }

        lock (_lock)
        {
            try
            {
                to.WriteLine(line);
                to.Flush();
            }
            catch (IOException)
            {
                // The reader of our output is gone; the guests are not, so the agent goes on.
            }
        }
    }

    // What others sent us may stand in a text: it must not be able to forge a line.
    private static string? OneLine(string? text) => text?.ReplaceLineEndings(" ");
}
