using System.Globalization;

namespace Coordinator.Adapters.Postgres.Schema;

/// <summary>One step of the schema, as a pair of SQL files in this assembly: <c>0001_store.up.sql</c> and <c>0001_store.down.sql</c>.</summary>
internal sealed record Migration(int Version, string Name, string Up, string Down)
{
    private const string UpSuffix = ".up.sql";

    /// <summary>All of them, from version 1 without a gap.</summary>
    public static IReadOnlyList<Migration> All { get; } = Load();

    private static List<Migration> Load()
    {
        var assembly = typeof(Migration).Assembly;
        var names = assembly.GetManifestResourceNames().Where(n => n.EndsWith(UpSuffix, StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        var all = names.Select(n => n[..^UpSuffix.Length]).Select(n => new Migration(int.Parse(n[..4], CultureInfo.InvariantCulture), n[5..], Read(n + UpSuffix), Read(n + ".down.sql"))).ToList();
        return all.Select(m => m.Version).SequenceEqual(Enumerable.Range(1, all.Count)) ? all : throw new InvalidOperationException("schema versions are not 1, 2, 3 …");

        string Read(string name)
        {
            using var text = new StreamReader(assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the assembly"));
            return text.ReadToEnd();
        }
    }
}
