using System.Globalization;

namespace Coordinator.Bench;

/// <summary>Processor time of programs with all their children, from /proc: a database and a broker are part of what a migration costs.</summary>
public static class CpuOf
{
    // USER_HZ of every Linux this runs on (proc(5): fields 14 to 17 of stat).
    private const double TicksPerSecond = 100;

    /// <summary>Seconds used since they began, of these processes and everything below them, ended children included.</summary>
    public static double Tree(params IEnumerable<int> roots)
    {
        var all = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0])).Select(name => Stat(name!)).OfType<Process>().ToList();
        var children = all.ToLookup(process => process.Parent);
        var byId = all.ToDictionary(process => process.Id);
        return roots.Distinct().Where(byId.ContainsKey).Sum(id => Below(byId[id]));

        double Below(Process process) => process.Seconds + children[process.Id].Sum(Below);
    }

    private static Process? Stat(string id)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{id}/stat");
        }
        catch (IOException)
        {
            return null; // It has ended meanwhile.
        }

        // The program's name, in brackets, may hold blanks.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
        return new Process(int.Parse(id, CultureInfo.InvariantCulture), int.Parse(fields[1], CultureInfo.InvariantCulture), ticks / TicksPerSecond);
    }

    private sealed record Process(int Id, int Parent, double Seconds);
}
