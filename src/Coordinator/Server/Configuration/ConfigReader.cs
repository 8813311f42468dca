using System.Collections;
using System.Text.Json;

namespace Coordinator.Server.Configuration;

/// <summary>
/// Reads the three layers, later ones winning: <c>appsettings.json</c>, environment (<c>Coordinator__Http__Port</c>), command line
/// (<c>--Http:Port 7400</c> or <c>--Coordinator:Http:Port=7400</c>). Unknown keys and bad values end in one line that names the place.
/// </summary>
public static class ConfigReader
{
    /// <exception cref="ConfigurationProblemException">Something is misspelt, out of range, or contradicts something else.</exception>
    public static CoordinatorOptions Read(IReadOnlyList<string> args, IDictionary environment, string settingsFile) =>
        CoordinatorOptions.From(Collect(args, environment, settingsFile));

    /// <summary>What is set, each value allowed by itself; keys that are not set are missing.</summary>
    /// <exception cref="ConfigurationProblemException">Something is misspelt or out of range.</exception>
    public static IReadOnlyDictionary<ConfigKey, Setting> Collect(IReadOnlyList<string> args, IDictionary environment, string settingsFile)
    {
        var found = new Dictionary<ConfigKey, Setting>();
        foreach (var setting in FromFile(settingsFile).Concat(FromEnvironment(environment)).Concat(FromCommandLine(args)))
        {
            var key = Find(setting);
            if (!key.IsAllowed(setting.Value))
            {
                throw new ConfigurationProblemException($"{key.Path} = {Show(setting.Value)}: must be {key.Allowed} (from {setting.Origin})");
            }

            found[key] = setting;
        }

        return found;
    }

    private static ConfigKey Find(Setting setting)
    {
        foreach (var key in ConfigKeys.All)
        {
            // The environment is case-sensitive on Linux, but the framework's readers are not: neither are we.
            if (key.Path.Equals(setting.Key, StringComparison.OrdinalIgnoreCase)) return key;
        }

        var near = ConfigKeys.All.MinBy(key => Distance(key.Path.ToUpperInvariant(), setting.Key.ToUpperInvariant()))!;
        throw new ConfigurationProblemException($"{setting.Key} is not a setting (from {setting.Origin}); did you mean {near.Path}?");
    }

    private static IEnumerable<Setting> FromFile(string path)
    {
        if (!File.Exists(path)) return [];
        try
        {
            using var document = JsonDocument.Parse(
                File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return Flatten(document.RootElement, "", path).ToList();
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationProblemException($"cannot read {path}: {OneLine(e.Message)}", e);
        }
    }

    private static IEnumerable<Setting> Flatten(JsonElement element, string path, string file)
    {
        if (element.ValueKind != JsonValueKind.Object) return [new Setting(path, element.ToString(), file)];
        return element.EnumerateObject().SelectMany(property => Flatten(property.Value, path.Length == 0 ? property.Name : path + ":" + property.Name, file));
    }

    private static IEnumerable<Setting> FromEnvironment(IDictionary environment)
    {
        foreach (DictionaryEntry entry in environment)
        {
            var name = (string)entry.Key;
            if (!name.StartsWith("Coordinator__", StringComparison.OrdinalIgnoreCase)) continue;
            yield return new Setting(name.Replace("__", ":", StringComparison.Ordinal), (string?)entry.Value ?? "", "environment " + name);
        }
    }

    private static IEnumerable<Setting> FromCommandLine(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            var arg = args[i];
            if (!arg.StartsWith("--", StringComparison.Ordinal)) throw new ConfigurationProblemException($"unexpected argument {Show(arg)}: settings are given as --Http:Port 7400");
            var equals = arg.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? arg[2..] : arg[2..equals];
            if (equals < 0 && i + 1 == args.Count) throw new ConfigurationProblemException($"{name} has no value (from command line {arg})");
            var value = equals < 0 ? args[++i] : arg[(equals + 1)..];
            var key = name.StartsWith(ConfigKeys.Prefix, StringComparison.OrdinalIgnoreCase) ? name : ConfigKeys.Prefix + name;
            yield return new Setting(key, value, "command line --" + name);
        }
    }

    private static string Show(string value) => "'" + OneLine(value.Length > 80 ? value[..80] + "…" : value) + "'";

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    // Levenshtein: the keys are few and short.
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (left[i - 1] == right[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
