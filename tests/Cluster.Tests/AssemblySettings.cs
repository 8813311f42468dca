// Every test runs several processes: side by side they would only wait for each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
