using System.Collections;
using System.Globalization;
using Coordinator.Application.Backup;
using Coordinator.Application.Store;
using Coordinator.Domain.Restores;
using Coordinator.Server.Configuration;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Hosting;

/// <summary>
/// <c>coordinator backup FILE|DIR</c>, beside coordinators at work, and <c>coordinator restore FILE [--host NAME]…</c> into a new store, with all
/// coordinators stopped. One format for every store, so that a backup of one is restored into another.
/// </summary>
public static class BackupCommand
{
    public const string Backup = "backup";
    public const string Restore = "restore";

    private const string Usage = "usage: coordinator backup FILE|DIR | coordinator restore FILE [--host NAME]…, with the settings of the coordinator";

    /// <param name="arguments">From the verb on.</param>
    /// <returns>0: done; 1: the file or the store is damaged; 2: not understood; 69: unreachable, try again; 78: refused.</returns>
    public static int Run(string[] arguments, IDictionary environment, string settingsFile, TextWriter output, TextWriter errors)
    {
        if (arguments is not [(Backup or Restore) and var verb, var file, .. var rest] || file.StartsWith("--", StringComparison.Ordinal))
        {
            errors.WriteLine(Usage);
            return ExitCodes.Usage;
        }

        try
        {
            List<string> settings = [.. rest];
            var hosts = verb == Restore ? TakeHosts(settings) : [];
            var store = StorePlace.From(ConfigReader.Collect(settings, environment, settingsFile));
            if (verb == Backup) Make(file, store, output);
            else Put(file, store, hosts, output);
            return ExitCodes.Stopped;
        }
        catch (Exception e) when (e is BackupDamagedException or StoreBrokenException)
        {
            errors.WriteLine($"{file}: {e.Message}");
            return ExitCodes.Failed;
        }
        catch (Exception e) when (e is ConfigurationProblemException or StoreConfigurationException or IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(e.Message);
            return ExitCodes.Configuration;
        }
        catch (StoreUnavailableException e)
        {
            errors.WriteLine(e.Message);
            return ExitCodes.Unavailable;
        }
    }

    /// <summary>Reads a whole backup and compares its checksum.</summary>
    /// <returns>Its head and how many events it holds.</returns>
    /// <exception cref="BackupDamagedException">It is not what was written.</exception>
    public static (BackupHead Head, long Events) Verify(string file)
    {
        using var from = File.OpenRead(file);
        var check = new BackupImport();
        foreach (var line in BackupReader.Read(from)) check.Check(line);
        check.Complete();
        return (check.Head!, check.Events);
    }

    private static void Make(string place, StorePlace store, TextWriter output)
    {
        var now = DateTimeOffset.UtcNow;
        var file = Directory.Exists(place) ? Path.Combine(place, $"coordinator-{now.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}.backup") : place;
        DurableFile.Create(file, stream =>
        {
            using var writer = new BackupWriter(stream);
            foreach (var line in store.Read(now)) writer.Write(line);
            writer.Complete();
        });
        output.WriteLine($"{file}: {Verify(file).Events} events, read back and compared");
    }

    private static void Put(string file, StorePlace store, IReadOnlyList<HostId> hosts, TextWriter output)
    {
        // Whole, or nothing is begun.
        Verify(file);
        StoreRestored restored;
        long events;
        using (var from = File.OpenRead(file)) (restored, events) = store.Write(BackupReader.Read(from), hosts);
        output.WriteLine($"{store}: {events} events of {restored.BackupAt:u} restored ({restored.Restore}); {restored.Hosts.Count} hosts are waited for: {string.Join(", ", restored.Hosts)}");
        output.WriteLine("start the coordinators; nothing is decided for a guest before its hosts have said what was decided since. A host that is gone: lm hosts write-off HOST");
    }

    private static List<HostId> TakeHosts(List<string> arguments)
    {
        List<HostId> hosts = [];
        for (var at = arguments.IndexOf("--host"); at >= 0; at = arguments.IndexOf("--host"))
        {
            if (at + 1 == arguments.Count || !HostId.TryParse(arguments[at + 1], out var host)) throw new ConfigurationProblemException("--host needs the name of a host");
            hosts.Add(host);
            arguments.RemoveRange(at, 2);
        }

        return hosts;
    }
}
