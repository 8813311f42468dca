using System.Globalization;
using Contract.Tests.Stores;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Store;

namespace Contract.Tests;

/// <summary>The process to be killed: appends for ever to the database named by its argument and prints each event's id after its commit.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        if (args is not ["append", var path])
        {
            Console.Error.WriteLine("usage: append DATABASE (run the tests with: dotnet test tests/Contract.Tests)");
            return 64;
        }

        using var store = new SqliteStore(new SqliteStoreOptions { Path = path, ShardCount = StoreUnderTest.ShardCount, CheckpointPages = 100 });
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        var node = Node.Owning(store, "node-to-be-killed", 1, 2);
        while (true)
        {
            var version = node.VersionOf("vm-a") + 1;
            var batch = node.Draft().Event(1, "vm-a", new string('x', 2_000)).Event(2, "vm-b").Build();
            if (node.Append(batch) is not AppendOutcome.Committed) return 1;
            output.WriteLine(version.ToString(CultureInfo.InvariantCulture));
        }
    }
}
