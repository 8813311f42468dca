using System.Xml.Linq;

namespace Tidy.Tests;

/// <summary>The dependency table of docs/architecture.md, enforced on project files and on source text.</summary>
public sealed class DependencyTable
{
    private static readonly Dictionary<string, string[]> MayReference = new(StringComparer.Ordinal)
    {
        ["src/Shared"] = [],
        ["src/Coordinator/Domain"] = ["Shared"],
        ["src/Coordinator/Application"] = ["Domain", "Shared"],
        ["src/Coordinator/Adapters"] = ["Application", "Shared"],
        ["src/Coordinator/Server"] = ["Application", "Adapters", "Domain", "Shared"],
        ["src/HostNode/Engine"] = ["Shared"],
        ["src/HostNode/GuestHolder"] = ["Engine"],
        ["src/HostNode/Hypervisors"] = ["Engine", "Shared"],
        ["src/HostNode/Agent"] = ["Hypervisors", "Shared"],
        ["src/Cli"] = ["Shared"],
        ["src/Simulator"] = ["Application", "Agent"],
    };

    private static readonly Dictionary<string, string[]> MayUsePackages = new(StringComparer.Ordinal)
    {
        ["src/Shared"] = ["Microsoft.CodeAnalysis.BannedApiAnalyzers"],
        ["src/Coordinator/Domain"] = ["Microsoft.CodeAnalysis.BannedApiAnalyzers"],
        ["src/Coordinator/Application"] = ["Microsoft.CodeAnalysis.BannedApiAnalyzers", "Microsoft.Extensions.Logging.Abstractions"],
    };

    public static TheoryData<string> Projects() => [.. MayReference.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_the_table_allows(string folder)
    {
        var project = XDocument.Load(Directory.GetFiles(Source.Path(folder), "*.csproj").Single());
        var linked = project.Descendants("ProjectReference").Where(r => r.Attribute("ReferenceOutputAssembly")?.Value != "false").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value));
        Assert.Empty(linked.Except(MayReference[folder]));
        if (!MayUsePackages.TryGetValue(folder, out var packages)) return;
        Assert.Empty(project.Descendants("PackageReference").Select(r => r.Attribute("Include")!.Value).Except(packages));
    }

    [Fact]
    public void Every_project_under_src_stands_in_the_table() => Assert.Equal(
        MayReference.Keys.Order(StringComparer.Ordinal),
        Directory.GetFiles(Source.Path("src"), "*.csproj", SearchOption.AllDirectories).Select(p => Source.Relative(Path.GetDirectoryName(p)!)).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("src/Coordinator/Application", "Npgsql", "SQLitePCL", "RabbitMQ", "Microsoft.AspNetCore")]
    [InlineData("src/Coordinator/Server", "HostNode", "SQLitePCL", "Npgsql", "insert into", "select * from")]
    [InlineData("src/HostNode/Engine", "Coordinator.Shared.Contracts", "Coordinator.Domain", "qmp_capabilities")]
    [InlineData("src/HostNode/Hypervisors", "Coordinator.Domain", "Coordinator.Application", "RabbitMQ")]
    [InlineData("src/HostNode/Agent", "Coordinator.Domain", "Coordinator.Application", "SQLitePCL")]
    [InlineData("src/Coordinator/Domain", "ILogger", "System.Threading.Tasks", "async ")]
    public void A_part_never_names_what_it_must_not_use(string folder, params string[] forbidden)
    {
        var found = Source.Files(folder).SelectMany(f => forbidden.Where(word => f.Text.Contains(word, StringComparison.Ordinal)).Select(word => $"{f.Name}: {word}"));
        Assert.Empty(found);
    }

    [Fact]
    public void Adapters_do_not_know_each_other()
    {
        var folders = Directory.GetDirectories(Source.Path("src/Coordinator/Adapters")).Select(d => Path.GetFileName(d)!).Except(["bin", "obj"]).ToList();
        Assert.Contains("Postgres", folders);
        Assert.Empty(folders.SelectMany(folder => Source.Files("src/Coordinator/Adapters/" + folder)
            .SelectMany(f => folders.Where(other => other != folder && f.Text.Contains("Adapters." + other, StringComparison.Ordinal)).Select(other => $"{f.Name}: {other}"))));
    }

    [Fact]
    public void The_machines_know_no_lock_no_channel_and_no_task() => Assert.Empty(
        Source.Files("src/Coordinator/Application/Machine").Concat(Source.Files("src/HostNode/Agent/Machine"))
            .SelectMany(f => new[] { "lock (", "Channel<", "Task.Run", "await ", "Thread.", "DateTimeOffset.UtcNow", "Guid.NewGuid" }.Where(word => f.Text.Contains(word, StringComparison.Ordinal)).Select(word => $"{f.Name}: {word}")));
}
