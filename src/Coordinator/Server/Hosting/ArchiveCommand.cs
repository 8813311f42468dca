using System.Collections;
using System.Globalization;
using System.Text.Json;
using Coordinator.Application.Backup;
using Coordinator.Application.Events;
using Coordinator.Application.Store;
using Coordinator.Server.Configuration;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Hosting;

/// <summary>
/// <c>coordinator archive DIR [--older-than DAYS]</c>: what streams say that were closed long ago goes into files, beside coordinators at work.
/// <c>coordinator archive show FILE STREAM</c> prints a stream of one as <c>lm migrations events</c> does.
/// </summary>
public static class ArchiveCommand
{
    public const string Name = "archive";

    /// <summary>Six months and some days: what auditors ask for.</summary>
    public const int DaysKept = 190;

    // Idempotency keys of the last day, and people, still name them.
    private const int DaysLeast = 2;
    private const int StreamsPerFile = 100_000;
    private const string OlderThan = "--older-than";
    private const string Usage = "usage: coordinator archive DIR [--older-than DAYS], with the settings of the coordinator | coordinator archive show FILE STREAM|MIGRATION";

    /// <param name="arguments">From the verb on.</param>
    /// <returns>0: done; 1: the file or the store is damaged; 2: not understood; 69: unreachable, try again; 78: refused.</returns>
    public static int Run(string[] arguments, IDictionary environment, string settingsFile, DateTimeOffset now, TextWriter output, TextWriter errors)
    {
        if (arguments is not [Name, var place, .. var rest] || place.StartsWith("--", StringComparison.Ordinal) || (place == "show" && rest.Length != 2))
        {
            errors.WriteLine(Usage);
            return ExitCodes.Usage;
        }

        try
        {
            if (place == "show") return Show(rest[0], rest[1], output, errors);
            List<string> settings = [.. rest];
            var before = now.AddDays(-TakeDays(settings));
            Make(place, StorePlace.From(ConfigReader.Collect(settings, environment, settingsFile)), before, now, output);
            return ExitCodes.Stopped;
        }
        catch (Exception e) when (e is BackupDamagedException or StoreBrokenException)
        {
            errors.WriteLine($"{place}: {e.Message}");
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

    /// <summary>Reads its first line.</summary>
    /// <exception cref="BackupDamagedException">Neither archive nor backup.</exception>
    public static bool IsArchive(string file)
    {
        using var from = File.OpenRead(file);
        return BackupReader.Read(from).First() is BackupHead { Kind: BackupHead.Archive };
    }

    /// <summary>Reads a whole archive and compares its checksum.</summary>
    /// <param name="each">Told of each line.</param>
    /// <exception cref="BackupDamagedException">It is not what was written.</exception>
    public static ArchiveCheck Verify(string file, Action<BackupLine>? each = null)
    {
        using var from = File.OpenRead(file);
        var check = new ArchiveCheck();
        foreach (var line in BackupReader.Read(from))
        {
            check.Check(line);
            each?.Invoke(line);
        }

        check.Complete();
        return check;
    }

    /// <summary>All events of an archive, once the whole of it was compared.</summary>
    public static IEnumerable<StoredEvent> Events(string file)
    {
        List<StoredEvent> events = [];
        Verify(file, line =>
        {
            if (line is BackupEvent e) events.Add(e.Stored());
        });
        return events;
    }

    private static void Make(string directory, StorePlace store, DateTimeOffset before, DateTimeOffset now, TextWriter output)
    {
        if (!Directory.Exists(directory)) throw new ConfigurationProblemException($"{directory} is no directory: make it, on another disk than the database's");
        for (var number = 1; ; number++)
        {
            var lines = store.ReadClosed(before, StreamsPerFile, now);
            if (!lines.Skip(1).Any())
            {
                if (number == 1) output.WriteLine($"nothing was closed before {before:u} that is not in an archive yet");
                return;
            }

            Move(FileName(directory, now, number), store, lines, output);
        }
    }

    // Only what was read back from a durable file is taken out of the log. Killed in between, the same streams go into the next archive too.
    private static void Move(string file, StorePlace store, IEnumerable<BackupLine> lines, TextWriter output)
    {
        DurableFile.Create(file, stream =>
        {
            using var writer = new BackupWriter(stream);
            foreach (var line in lines) writer.Write(line);
            writer.Complete();
        });
        List<string> streams = [];
        var check = Verify(file, line =>
        {
            if (line is BackupStream s) streams.Add(s.Key);
        });
        output.WriteLine($"{file}: {check.Streams} closed streams with {check.Events} events, read back and compared");
        output.WriteLine($"{store}: what {store.Empty(streams, Path.GetFileName(file))} events say was taken out of the log");
    }

    private static string FileName(string directory, DateTimeOffset now, int number) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"closed-{now:yyyyMMdd'T'HHmmss'Z'}-{number}.archive"));

    private static int Show(string file, string name, TextWriter output, TextWriter errors)
    {
        var found = false;
        Verify(file, line =>
        {
            if (line is not BackupEvent e || (e.Stream != name && e.Stream != "migration-" + name)) return;
            found = true;
            output.WriteLine(JsonSerializer.Serialize(EventResources.Of(e.Stored()), ApiJson.Default.EventResource));
        });
        if (!found) errors.WriteLine($"{file}: there is no stream '{name}' in it");
        return found ? ExitCodes.Stopped : ExitCodes.Usage;
    }

    private static int TakeDays(List<string> arguments)
    {
        var at = arguments.IndexOf(OlderThan);
        if (at < 0) return DaysKept;
        if (at + 1 == arguments.Count || !int.TryParse(arguments[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var days) || days is < DaysLeast or > 36_500)
            throw new ConfigurationProblemException($"{OlderThan} needs a number of days, at least {DaysLeast}");
        arguments.RemoveRange(at, 2);
        return days;
    }
}
