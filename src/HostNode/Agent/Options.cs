namespace HostNode.Agent;

/// <summary>The options of one verb: all required, each with a value.</summary>
internal sealed class Options
{
    private readonly Dictionary<string, string> _values = [];

    public string this[string name] => _values[name];

    /// <exception cref="UsageException">One is unknown, missing, twice or without a value.</exception>
    public static Options Parse(string[] arguments, params string[] required)
    {
        var options = new Options();
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (!required.Contains(arguments[i])) throw new UsageException($"unknown option '{arguments[i]}'");
            if (i + 1 == arguments.Length) throw new UsageException($"{arguments[i]} needs a value");
            if (!options._values.TryAdd(arguments[i], arguments[i + 1])) throw new UsageException($"{arguments[i]} stands twice");
        }

        var missing = required.FirstOrDefault(name => !options._values.ContainsKey(name));
        return missing is null ? options : throw new UsageException($"{missing} is missing");
    }
}
