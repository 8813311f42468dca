using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Scoreboard;

/// <summary>What the test host wrote about the runs with real processes and with damaged files, in few numbers.</summary>
internal static partial class TestResults
{
    private static readonly XNamespace s_trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <param name="files">A test that is in several counts as the newest run has it.</param>
    public static JsonObject Of(IReadOnlyList<string> files)
    {
        var results = files.Select(XDocument.Load).OrderBy(run => (string)run.Root!.Element(s_trx + "Times")!.Attribute("finish")!)
            .SelectMany(run => run.Descendants(s_trx + "UnitTestResult"))
            .GroupBy(result => (string)result.Attribute("testName")!).Select(test => test.Last()).ToList();
        var classes = new JsonObject();
        foreach (var group in results.GroupBy(Class).OrderBy(group => group.Key, StringComparer.Ordinal))
            classes[group.Key] = new JsonObject { ["passed"] = group.Count(IsPassed), ["failed"] = group.Count(result => !IsPassed(result)) };

        var said = results.Select(result => (string?)result.Descendants(s_trx + "StdOut").FirstOrDefault() ?? "").ToList();
        var verdicts = said.SelectMany(text => Verdict().Matches(text)).ToList();
        var witness = new JsonObject { ["judged"] = verdicts.Count };
        for (var i = 0; i < 4; i++) witness[new[] { "beats", "doubleWriters", "gaps", "rollbacks" }[i]] = verdicts.Sum(v => long.Parse(v.Groups[i + 1].Value, CultureInfo.InvariantCulture));
        return new JsonObject
        {
            ["classes"] = classes,
            ["witness"] = witness,
            ["corruption"] = new JsonArray([.. said.SelectMany(text => Places().Matches(text)).Select(m => (JsonNode)m.Groups[1].Value.Trim())]),
        };
    }

    private static bool IsPassed(XElement result) => (string?)result.Attribute("outcome") == "Passed";

    private static string Class(XElement result) => ((string)result.Attribute("testName")!).Split('(')[0] is var name ? name[..name.LastIndexOf('.')] : "";

    [GeneratedRegex(@"Beats = (\d+), DoubleWriters = (\d+), Gaps = (\d+), Rollbacks = (\d+)")]
    private static partial Regex Verdict();

    [GeneratedRegex(@"(\d+ of \d+ places of [^\n]+)")]
    private static partial Regex Places();
}
