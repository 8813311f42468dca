using System.Globalization;
using System.Text.Json;

namespace HostNode.Agent.Configuration;

/// <summary>
/// Values by key path (<c>Certificates.Key</c>, <c>Drivers.0</c>), each with where it came from: a JSON file, overridden by variables
/// <c>HostAgent__Certificates__Key</c>. A list may also be one comma-separated variable. A value nobody asked for is an error.
/// </summary>
internal sealed class ConfigValues
{
    private const string Prefix = "HostAgent__";
    private readonly SortedDictionary<string, (string Value, string Origin)> _values = new(StringComparer.Ordinal);
    private readonly List<string> _asked = [];

    /// <exception cref="ConfigException">The file cannot be read or is no JSON object.</exception>
    public static ConfigValues Read(string file, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var values = new ConfigValues();
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { MaxDepth = 8 });
            if (json.RootElement.ValueKind != JsonValueKind.Object) throw new ConfigException($"{file}: not a JSON object");
            values.Flatten(json.RootElement, "", file);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"{file}: {e.Message}");
        }

        foreach (var (name, value) in environment.Where(pair => pair.Key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            values.Override(name[Prefix.Length..].Replace("__", ".", StringComparison.Ordinal), value, "environment variable " + name);
        }

        return values;
    }

    public string? Text(string key)
    {
        _asked.Add(key);
        return _values.TryGetValue(key, out var found) ? found.Value : null;
    }

    public string Required(string key) => Text(key) is { Length: > 0 } value ? value : throw new ConfigException($"{key} is missing: set it in the file or as {Variable(key)}");

    public IReadOnlyList<string> List(string key)
    {
        if (Text(key) is { } commas) return commas.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var items = new List<string>();
        while (Text($"{key}.{items.Count}") is { } item) items.Add(item);
        return items;
    }

    public long Number(string key, long least, long most, long otherwise)
    {
        if (Text(key) is not { } text) return otherwise;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Wrong(key, $"a whole number from {least} to {most}");
    }

    public bool Flag(string key) => Text(key) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw Wrong(key, "true or false"),
    };

    public ConfigException Wrong(string key, string wanted) => new($"{key}: '{_values[key].Value}' is not {wanted} (from {_values[key].Origin})");

    /// <exception cref="ConfigException">There is a key that nothing reads; names the nearest that exists.</exception>
    public void RefuseUnknown()
    {
        foreach (var (key, (_, origin)) in _values)
        {
            if (_asked.Contains(key)) continue;
            var nearest = _asked.Where(known => !char.IsAsciiDigit(known[^1])).MinBy(known => Distance(key, known));
            throw new ConfigException($"unknown key {key} (from {origin}); did you mean {nearest}?");
        }
    }

    private static string Variable(string key) => Prefix + key.Replace(".", "__", StringComparison.Ordinal);

    private void Flatten(JsonElement element, string path, string origin)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject()) Flatten(property.Value, path.Length == 0 ? property.Name : path + "." + property.Name, origin);
                break;
            case JsonValueKind.Array:
                foreach (var (index, item) in element.EnumerateArray().Index()) Flatten(item, $"{path}.{index}", origin);
                break;
            case JsonValueKind.Null:
                break;
            case JsonValueKind.String:
                Add(path, element.GetString()!, origin);
                break;
            default:
                Add(path, element.GetRawText(), origin);
                break;
        }
    }

    private void Add(string path, string value, string origin)
    {
        if (!_values.TryAdd(path, (value, origin))) throw new ConfigException($"{path} stands twice in {origin}");
    }

    // A variable for a list replaces the file's items.
    private void Override(string path, string value, string origin)
    {
        foreach (var item in _values.Keys.Where(key => key.StartsWith(path + ".", StringComparison.Ordinal)).ToList()) _values.Remove(item);
        _values[path] = (value, origin);
    }

    // Levenshtein, ignoring case.
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var change = diagonal + (char.ToLowerInvariant(one[i - 1]) == char.ToLowerInvariant(other[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
