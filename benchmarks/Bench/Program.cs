using Coordinator.Bench;
using Coordinator.Bench.Cluster;
using Coordinator.Bench.Evacuation;

// Bench control|product|cluster|evacuation [--json] [--runs N] [--seconds S] [--only ID]; cluster also [--only faults] [--kills N] [--cuts N] [--stalls N] [--crashes N] [--closed N] [--only agents] [--agents N] [--handshakes N]
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
            using (var bench = new ClusterBench(directory, report, Option("--runs", 3), TimeSpan.FromSeconds(Option("--seconds", 5)), Text("--only")))
            {
                if (Text("--only") is not ("faults" or "agents")) bench.Run();
                if (Text("--only") is null or "agents") bench.RunAgents(Option("--agents", 10_000), Option("--handshakes", 50));
                if (Text("--only") is null or "faults") bench.RunFaults(Option("--kills", 100), Option("--cuts", 20), Option("--stalls", 5), Option("--crashes", 5), Option("--closed", 0));
            }

            return 0;
        case "evacuation":
            new EvacuationBench(report, Option("--instances", 200), Option("--runs", 5), Text("--only")).Run();
            return 0;
        default:
            Console.Error.WriteLine("Bench control|product|cluster|evacuation [--json] [--runs N] [--seconds S] [--only ID, as C1]; cluster also [--only faults] [--kills N] [--cuts N] [--stalls N] [--crashes N] [--closed N] [--only agents] [--agents N] [--handshakes N]");
            return 2;
    }
}
catch (InvalidOperationException e)
{
    // Said in words, so that everything that was started is ended.
    Console.Error.WriteLine(e.Message);
    return 1;
}
finally
{
    Directory.Delete(directory, recursive: true);
}
