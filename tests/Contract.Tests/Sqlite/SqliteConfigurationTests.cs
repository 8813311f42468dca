using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Store;

namespace Contract.Tests.Sqlite;

/// <summary>What an operator can get wrong: each is refused at start with one line that says what to do.</summary>
public sealed class SqliteConfigurationTests : IDisposable
{
    private readonly SqliteFile _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public void Given_a_directory_that_does_not_exist_When_opened_Then_it_is_named() =>
        Refused(_file.Options with { Path = Path.Combine(_file.Folder, "missing", "x.db") }, "missing does not exist: create it");

    [Fact]
    public void Given_a_directory_as_the_path_When_opened_Then_it_is_refused() =>
        Refused(_file.Options with { Path = _file.Folder }, "is a directory: name a file in it");

    [Fact]
    public void Given_a_file_that_is_not_a_database_When_opened_Then_it_is_refused_and_left_as_it_was()
    {
        File.WriteAllText(_file.Options.Path, "Dear diary, " + new string('x', 5_000));

        Refused(_file.Options, "is not a SQLite database, or is damaged");

        Assert.StartsWith("Dear diary", File.ReadAllText(_file.Options.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Given_a_database_of_another_program_When_opened_Then_it_is_refused()
    {
        _file.Run("create table recipes(name text)");

        Refused(_file.Options, "is a SQLite database of another program");
    }

    [Fact]
    public void Given_a_database_of_a_newer_schema_When_opened_Then_both_versions_are_named()
    {
        _file.Open();
        _file.Run("update meta set value = '2' where name = 'schema'");

        Refused(_file.Options, "has schema version 2, this program knows 1");
    }

    [Fact]
    public void Given_another_shard_count_When_opened_Then_both_counts_are_named()
    {
        _file.Open();

        Refused(_file.Options with { ShardCount = 32 }, "was made with 16 shards, configured are 32");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4097)]
    public void Given_an_impossible_shard_count_When_opened_Then_the_range_is_named(int count) =>
        Refused(_file.Options with { ShardCount = count }, "use 1 to 4096");

    [Fact]
    public void Given_no_library_When_looked_for_Then_the_package_to_install_is_named()
    {
        var refusal = Assert.Throws<StoreConfigurationException>(() => SqliteLibrary.Find(["libsqlite3-not-here.so.0"]));

        Assert.Contains("libsqlite3-not-here.so.0 is missing: install it (Debian, Ubuntu: apt-get install libsqlite3-0)", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void Given_an_old_library_When_checked_Then_its_version_is_named() =>
        Assert.Contains("SQLite is 3.34.1", Assert.Throws<StoreConfigurationException>(() => SqliteLibrary.RequireVersion(3_034_001, "3.34.1")).Message, StringComparison.Ordinal);

    [Fact]
    public void Given_a_database_in_use_When_a_person_reads_the_history_view_Then_events_are_text()
    {
        var node = Stores.Node.Owning(_file.Open(), "node-a", 1);
        node.Write(1, "vm-a", "Zoë");

        _file.Run("""
            create table proof(n integer check (n = 1));
            insert into proof select count(*) from history
              where stream = 'vm-a' and at = '2026-03-04T12:00:00.123Z' and body ->> 'text' = 'Zoë' and meta ->> 'text' = 'meta of vm-a';
            """);
    }

    private static void Refused(SqliteStoreOptions options, string words)
    {
        var refusal = Assert.Throws<StoreConfigurationException>(() => new SqliteStore(options).Dispose());
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }
}
