using System.Text.RegularExpressions;

namespace Tidy.Tests;

/// <summary>Limits that keep a newcomer able to read any file, and documents that lead somewhere.</summary>
public sealed partial class SourceRules
{
    private const int FileLinesMax = 500;

    [Fact]
    public void No_source_file_is_longer_than_500_lines() =>
        Assert.Empty(Source.Files("src").Where(f => f.Text.Split('\n').Length > FileLinesMax).Select(f => f.Name));

    [Fact]
    public void Every_file_uses_a_file_scoped_namespace() =>
        Assert.Empty(Source.Files("src").Where(f => BlockNamespace().IsMatch(f.Text)).Select(f => f.Name));

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        var broken = Documents().SelectMany(d => Link().Matches(d.Text).Select(m => m.Groups[1].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#'))
            .Where(target => !Exists(d.Name, target.Split('#')[0])).Select(target => $"{d.Name}: {target}"));
        Assert.Empty(broken);
    }

    [Fact]
    public void Every_promise_names_a_test_that_exists()
    {
        var promises = File.ReadAllText(Source.Path("docs/reference/promises.md"));
        var tests = string.Join('\n', Source.Files("tests").Select(f => f.Text));
        var named = TestName().Matches(promises).Select(m => m.Groups[1].Value).ToList();
        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains(name, tests, StringComparison.Ordinal));
    }

    private static IEnumerable<(string Name, string Text)> Documents() =>
        Source.Files("docs", "*.md").Concat(new[] { "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "spec/README.md" }.Select(f => (f, File.ReadAllText(Source.Path(f)))));

    private static bool Exists(string document, string target)
    {
        var path = Path.Combine(Path.GetDirectoryName(Source.Path(document))!, target);
        return File.Exists(path) || Directory.Exists(path);
    }

    [GeneratedRegex(@"^namespace [\w.]+\s*\{", RegexOptions.Multiline)]
    private static partial Regex BlockNamespace();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`test:([A-Za-z0-9_]+)`")]
    private static partial Regex TestName();
}
