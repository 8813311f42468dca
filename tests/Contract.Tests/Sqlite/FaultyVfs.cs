using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Coordinator.Adapters.Sqlite;
using SQLitePCL;

namespace Contract.Tests.Sqlite;

/// <summary>
/// A SQLite file layer over the system's own that spoils calls as the current <see cref="FaultPlan"/> says. Counted are the calls that can fail in
/// practice: open, delete, access, read, write, truncate, sync, size, lock, and mapping and locking the shared index. Unlocking and closing always
/// work: a dead process does them too. One plan at a time; tests that use it do not run in parallel.
/// </summary>
internal static unsafe class FaultyVfs
{
    public const string Name = "faulty";

    private const int IoErrorRead = raw.SQLITE_IOERR | (1 << 8);
    private const int IoErrorWrite = raw.SQLITE_IOERR | (3 << 8);
    private const int IoErrorSync = raw.SQLITE_IOERR | (4 << 8);
    private const int IoErrorTruncate = raw.SQLITE_IOERR | (6 << 8);
    private const int IoErrorSize = raw.SQLITE_IOERR | (7 << 8);
    private const int IoErrorDelete = raw.SQLITE_IOERR | (10 << 8);
    private const int IoErrorAccess = raw.SQLITE_IOERR | (13 << 8);
    private const int IoErrorLock = raw.SQLITE_IOERR | (15 << 8);
    private const int IoErrorShmLock = raw.SQLITE_IOERR | (20 << 8);
    private const int IoErrorShmMap = raw.SQLITE_IOERR | (21 << 8);
    private const int ShmLockFlag = 2; // SQLITE_SHM_LOCK; the other one is unlock

    private static readonly ConcurrentDictionary<nint, string> Paths = new();
    private static readonly Lazy<nint> Registered = new(Register);
    private static FaultPlan _plan = new(FaultKind.Refused, 0);

    private static NativeVfs* System => (NativeVfs*)((NativeVfs*)Registered.Value)->AppData;

    /// <summary>Makes the plan the current one, for all files opened through <see cref="Name"/>.</summary>
    public static void Use(FaultPlan plan)
    {
        _ = Registered.Value;
        Volatile.Write(ref _plan, plan);
    }

    private static FaultPlan Plan => Volatile.Read(ref _plan);

    private static nint Register()
    {
        SqliteLibrary.Load();
        var system = NativeVfs.Find(null);
        var vfs = (NativeVfs*)NativeMemory.AllocZeroed((nuint)sizeof(NativeVfs));
        *vfs = *system;
        vfs->FileSize = sizeof(NativeFile) + system->FileSize;
        vfs->Name = (byte*)Marshal.StringToCoTaskMemUTF8(Name);
        vfs->AppData = (nint)system;
        vfs->Open = &Open;
        vfs->Delete = &Delete;
        vfs->Access = &Access;
        if (NativeVfs.Register(vfs, 0) != raw.SQLITE_OK) throw new InvalidOperationException("the faulty file layer was not accepted");
        return (nint)vfs;
    }

    private static readonly NativeFileMethods* Methods = MakeMethods();

    private static NativeFileMethods* MakeMethods()
    {
        var methods = (NativeFileMethods*)NativeMemory.AllocZeroed((nuint)sizeof(NativeFileMethods));
        *methods = new NativeFileMethods
        {
            Version = 2,
            Close = &Close,
            Read = &Read,
            Write = &Write,
            Truncate = &Truncate,
            Sync = &Sync,
            FileSize = &Size,
            Lock = &LockFile,
            Unlock = &Unlock,
            CheckReservedLock = &CheckReservedLock,
            FileControl = &FileControl,
            SectorSize = &SectorSize,
            DeviceCharacteristics = &DeviceCharacteristics,
            ShmMap = &ShmMap,
            ShmLock = &ShmLock,
            ShmBarrier = &ShmBarrier,
            ShmUnmap = &ShmUnmap,
        };
        return methods;
    }

    /// <summary>The system's file stands right behind ours.</summary>
    private static NativeFile* Real(NativeFile* file) => file + 1;

    private static NativeFileMethods* Of(NativeFile* file) => Real(file)->Methods;

    [UnmanagedCallersOnly]
    private static int Open(NativeVfs* vfs, byte* name, NativeFile* file, int flags, int* flagsOut)
    {
        file->Methods = null; // SQLite closes a file that failed to open only if this is set
        var fate = Plan.Next("open");
        if (fate == CallFate.Fail) return raw.SQLITE_CANTOPEN;
        if (Plan.Kind == FaultKind.ReadOnly) flags = (flags & ~(raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE)) | raw.SQLITE_OPEN_READONLY;
        var code = System->Open(System, name, Real(file), flags, flagsOut);
        if (code == raw.SQLITE_OK && fate == CallFate.ProceedThenFail)
        {
            Of(file)->Close(Real(file));
            return raw.SQLITE_CANTOPEN;
        }

        if (Of(file) == null) return code;
        file->Methods = Methods;
        Paths[(nint)file] = Marshal.PtrToStringUTF8((nint)name) ?? "";
        return code;
    }

    [UnmanagedCallersOnly]
    private static int Delete(NativeVfs* vfs, byte* name, int syncDirectory)
    {
        var fate = Plan.Next("delete");
        if (fate == CallFate.Fail) return IoErrorDelete;
        var code = System->Delete(System, name, syncDirectory);
        Plan.Unflushed.Forget(Marshal.PtrToStringUTF8((nint)name) ?? "");
        return fate == CallFate.Proceed ? code : IoErrorDelete;
    }

    [UnmanagedCallersOnly]
    private static int Access(NativeVfs* vfs, byte* name, int flags, int* result) =>
        Plan.Next("access") == CallFate.Proceed ? System->Access(System, name, flags, result) : IoErrorAccess;

    [UnmanagedCallersOnly]
    private static int Close(NativeFile* file)
    {
        Paths.TryRemove((nint)file, out _);
        return Of(file)->Close(Real(file));
    }

    [UnmanagedCallersOnly]
    private static int Read(NativeFile* file, byte* buffer, int length, long offset) =>
        Plan.Next("read") == CallFate.Proceed ? Of(file)->Read(Real(file), buffer, length, offset) : IoErrorRead;

    [UnmanagedCallersOnly]
    private static int Write(NativeFile* file, byte* buffer, int length, long offset)
    {
        var fate = Plan.Next("write");
        if (fate == CallFate.Fail) return Plan.Kind == FaultKind.DiskFull && !Plan.Stopped ? raw.SQLITE_FULL : IoErrorWrite;
        Remember(file, offset, length, new ReadOnlySpan<byte>(buffer, length).ToArray());
        var code = Of(file)->Write(Real(file), buffer, fate == CallFate.Tear ? length / 2 : length, offset);
        return fate == CallFate.Proceed ? code : IoErrorWrite;
    }

    [UnmanagedCallersOnly]
    private static int Truncate(NativeFile* file, long size)
    {
        var fate = Plan.Next("truncate");
        if (fate is CallFate.Fail or CallFate.Tear) return IoErrorTruncate;
        Remember(file, size, int.MaxValue, null);
        var code = Of(file)->Truncate(Real(file), size);
        return fate == CallFate.Proceed ? code : IoErrorTruncate;
    }

    [UnmanagedCallersOnly]
    private static int Sync(NativeFile* file, int flags)
    {
        var fate = Plan.Next("sync");
        if (fate == CallFate.Fail) return IoErrorSync;
        var code = Of(file)->Sync(Real(file), flags);
        if (code == raw.SQLITE_OK) Plan.Unflushed.Forget(Paths[(nint)file]);
        return fate == CallFate.Proceed ? code : IoErrorSync;
    }

    [UnmanagedCallersOnly]
    private static int Size(NativeFile* file, long* size) =>
        Plan.Next("size") == CallFate.Proceed ? Of(file)->FileSize(Real(file), size) : IoErrorSize;

    [UnmanagedCallersOnly]
    private static int LockFile(NativeFile* file, int level) =>
        Plan.Next("lock") == CallFate.Proceed ? Of(file)->Lock(Real(file), level) : IoErrorLock;

    [UnmanagedCallersOnly]
    private static int Unlock(NativeFile* file, int level) => Of(file)->Unlock(Real(file), level);

    [UnmanagedCallersOnly]
    private static int CheckReservedLock(NativeFile* file, int* result) => Of(file)->CheckReservedLock(Real(file), result);

    [UnmanagedCallersOnly]
    private static int FileControl(NativeFile* file, int operation, void* argument) => Of(file)->FileControl(Real(file), operation, argument);

    [UnmanagedCallersOnly]
    private static int SectorSize(NativeFile* file) => Of(file)->SectorSize(Real(file));

    [UnmanagedCallersOnly]
    private static int DeviceCharacteristics(NativeFile* file) => Of(file)->DeviceCharacteristics(Real(file));

    [UnmanagedCallersOnly]
    private static int ShmMap(NativeFile* file, int page, int pageSize, int extend, void** memory)
    {
        if (Plan.Next("shm-map") == CallFate.Proceed) return Of(file)->ShmMap(Real(file), page, pageSize, extend, memory);
        *memory = null;
        return IoErrorShmMap;
    }

    [UnmanagedCallersOnly]
    private static int ShmLock(NativeFile* file, int offset, int count, int flags)
    {
        var locks = (flags & ShmLockFlag) != 0;
        return locks && Plan.Next("shm-lock") != CallFate.Proceed ? IoErrorShmLock : Of(file)->ShmLock(Real(file), offset, count, flags);
    }

    [UnmanagedCallersOnly]
    private static void ShmBarrier(NativeFile* file) => Of(file)->ShmBarrier(Real(file));

    [UnmanagedCallersOnly]
    private static int ShmUnmap(NativeFile* file, int delete) => Of(file)->ShmUnmap(Real(file), delete);

    /// <summary>Before a write or truncation: what stands there, so that a power loss can bring it back.</summary>
    private static void Remember(NativeFile* file, long offset, int length, byte[]? data)
    {
        if (Plan.Kind != FaultKind.PowerLoss) return;
        long size;
        Of(file)->FileSize(Real(file), &size);
        var before = new byte[Math.Max(0, Math.Min(length, size - offset))];
        fixed (byte* bytes = before)
        {
            if (before.Length > 0) Of(file)->Read(Real(file), bytes, before.Length, offset);
        }

        Plan.Unflushed.Add(Paths[(nint)file], offset, before, data, size);
    }
}
