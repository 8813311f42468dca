using System.Runtime.InteropServices;
using Coordinator.Application.Store;
using SQLitePCL;

namespace Coordinator.Adapters.Sqlite;

/// <summary>
/// Binds the system's SQLite, which gets the distribution's security fixes; no native binary is shipped.
/// </summary>
public static class SqliteLibrary
{
    /// <summary>STRICT tables came with 3.37.</summary>
    private const int VersionMin = 3_037_000;

    private static readonly string[] FileNames = ["libsqlite3.so.0", "libsqlite3.so", "libsqlite3.dylib"];
    private static readonly Lock Gate = new();
    private static bool _loaded;

    /// <summary>Loads the library; harmless to repeat.</summary>
    /// <exception cref="StoreConfigurationException">Missing or too old; the message names the package to install.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (_loaded) return;
            Bind(Find(FileNames));
            RequireVersion(raw.sqlite3_libversion_number(), raw.sqlite3_libversion().utf8_to_string());
            CountNoMemory();
            KeepFreedMemory();
            _loaded = true;
        }
    }

    /// <exception cref="StoreConfigurationException">None of these files can be loaded.</exception>
    internal static nint Find(IReadOnlyList<string> fileNames)
    {
        foreach (var name in fileNames)
        {
            if (NativeLibrary.TryLoad(name, out var library)) return library;
        }

        throw new StoreConfigurationException(
            $"the system library {fileNames[0]} is missing: install it (Debian, Ubuntu: apt-get install libsqlite3-0), or configure the postgres store");
    }

    /// <exception cref="StoreConfigurationException">Older than this store needs.</exception>
    internal static void RequireVersion(int number, string text)
    {
        if (number >= VersionMin) return;
        throw new StoreConfigurationException($"the system's SQLite is {text}, the store needs 3.37 or newer: upgrade the package libsqlite3-0");
    }

    private static void Bind(nint library)
    {
        DllImportResolver resolver = (name, _, _) => name == "e_sqlite3" ? library : 0;
        NativeLibrary.SetDllImportResolver(typeof(SqliteLibrary).Assembly, resolver);
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, resolver);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
    }

    /// <summary>Its memory statistics take a lock at each allocation, and nobody reads them. Only heard before the first use.</summary>
    private static void CountNoMemory()
    {
        const int memoryStatistics = 9; // SQLITE_CONFIG_MEMSTATUS
        _ = raw.sqlite3_config(memoryStatistics, 0);
    }

    /// <summary>
    /// glibc gives memory back to the kernel as soon as 128 KiB at the top are free, and SQLite's page buffers cross that line with nearly every
    /// event: two system calls and fresh page faults each, measured as 28 % of the CPU time of appending. 4 MiB are kept instead.
    /// </summary>
    private static void KeepFreedMemory()
    {
        const int trimThreshold = -1;
        const int topPad = -2;
        try
        {
            _ = Tune(trimThreshold, 4 << 20);
            _ = Tune(topPad, 1 << 20);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // Another C library: slower at worst.
        }
    }

    [DllImport("libc", EntryPoint = "mallopt")]
    private static extern int Tune(int parameter, int value);
}
