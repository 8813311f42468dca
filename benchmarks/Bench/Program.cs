using Coordinator.Bench;
using Coordinator.Bench.Cluster;

// Bench control|product|cluster [--json] [--runs N] [--seconds S] [--only ID]
int Option(string name, int otherwise) => Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length && int.TryParse(args[at + 1], out var n) ? n : otherwise;
string? Text(string name) => Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;

var report = new Results(args.Contains("--json"));
var directory = Directory.CreateTempSubdirectory("lm-bench-").FullName;
try
{
    switch (args.FirstOrDefault())
    {
        case "control":
            new ControlBench(directory, report, Option("--runs", 3), TimeSpan.FromSeconds(Option("--seconds", 5)), Text("--only")).Run();
            return 0;
        case "product":
            return ProductBench.Run(directory, report, Option("--runs", 5));
        case "cluster":
            using (var bench = new ClusterBench(report, Option("--runs", 3), TimeSpan.FromSeconds(Option("--seconds", 5)), Text("--only"))) bench.Run();
            return 0;
        default:
            Console.Error.WriteLine("Bench control|product|cluster [--json] [--runs N] [--seconds S] [--only ID, as C1]");
            return 2;
    }
}
finally
{
    Directory.Delete(directory, recursive: true);
}
