using System.Diagnostics.Metrics;
using Coordinator.Server.Metrics;

namespace Server.Tests;

/// <summary>The text format as Prometheus reads it.</summary>
public sealed class MetricsTests : IDisposable
{
    private readonly Meter _meter;
    private readonly PrometheusExporter _exporter;

    public MetricsTests()
    {
        _meter = new Meter("test");
        _exporter = new PrometheusExporter(meter => meter == _meter);
    }

    public void Dispose()
    {
        _exporter.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void A_counter_is_added_up_by_its_labels_and_ends_in_total()
    {
        var ended = _meter.CreateCounter<long>("lm_migrations", description: "Migrations that ended.");
        ended.Add(2, new("outcome", "Completed"), new("reason", "completed"));
        ended.Add(1, new("outcome", "Completed"), new("reason", "completed"));
        ended.Add(1, new("outcome", "Aborted"), new("reason", "cancelled"));

        Assert.Equal(
            """
            # HELP lm_migrations_total Migrations that ended.
            # TYPE lm_migrations_total counter
            lm_migrations_total{outcome="Aborted",reason="cancelled"} 1
            lm_migrations_total{outcome="Completed",reason="completed"} 3

            """,
            _exporter.Render());
    }

    [Fact]
    public void A_histogram_counts_a_value_on_a_bound_into_that_bucket_and_shows_cumulative_buckets()
    {
        var blackout = _meter.CreateHistogram("lm_blackout", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.3, 1] });
        foreach (var value in new[] { 0.05, 0.1, 0.2, 5 }) blackout.Record(value);

        Assert.Equal(
            """
            # TYPE lm_blackout_seconds histogram
            lm_blackout_seconds_bucket{le="0.1"} 2
            lm_blackout_seconds_bucket{le="0.3"} 3
            lm_blackout_seconds_bucket{le="1"} 3
            lm_blackout_seconds_bucket{le="+Inf"} 4
            lm_blackout_seconds_sum 5.35
            lm_blackout_seconds_count 4

            """,
            _exporter.Render());
    }

    [Fact]
    public void Label_values_and_help_are_escaped()
    {
        var counter = _meter.CreateCounter<int>("lm_odd_total", description: "line one\nline \\two \"quoted\"");
        counter.Add(1, new KeyValuePair<string, object?>("a.b", "say \"hi\"\\\nnow"));

        Assert.Equal(
            "# HELP lm_odd_total line one\\nline \\\\two \"quoted\"\n# TYPE lm_odd_total counter\nlm_odd_total{a_b=\"say \\\"hi\\\"\\\\\\nnow\"} 1\n",
            _exporter.Render());
    }

    [Fact]
    public void A_series_that_is_not_observed_any_more_is_gone()
    {
        var phases = new List<string> { "PreCopying", "Preparing" };
        _meter.CreateObservableGauge("lm_inflight", () => phases.Select(phase => new Measurement<int>(1, new KeyValuePair<string, object?>("phase", phase))));
        Assert.Contains("lm_inflight{phase=\"Preparing\"} 1", _exporter.Render());

        phases.Remove("Preparing");

        Assert.Equal("# TYPE lm_inflight gauge\nlm_inflight{phase=\"PreCopying\"} 1\n", _exporter.Render());
    }

    [Fact]
    public void Units_become_words_and_numbers_are_invariant()
    {
        _meter.CreateObservableGauge("lm_age", () => 1.5, "s");
        _meter.CreateObservableGauge("lm_heap_bytes", () => 7L, "By");
        _meter.CreateObservableCounter("lm_sent_bytes_total", () => 3L, "By");
        _meter.CreateObservableCounter("lm_work", () => double.PositiveInfinity, "{jobs}");

        var text = _exporter.Render();

        Assert.Contains("\nlm_age_seconds 1.5\n", text);
        Assert.Contains("\nlm_heap_bytes 7\n", text);
        Assert.Contains("\nlm_sent_bytes_total 3\n", text);
        Assert.Contains("\nlm_work_total +Inf\n", text);
    }

    [Theory]
    [InlineData("vm")]
    [InlineData("host")]
    [InlineData("migration")]
    public void A_label_per_vm_host_or_migration_is_a_bug_that_shows_at_once(string label)
    {
        var counter = _meter.CreateCounter<int>("lm_bad");
        Assert.Throws<InvalidOperationException>(() => counter.Add(1, new KeyValuePair<string, object?>(label, "x")));
    }

    [Fact]
    public void Too_many_label_sets_end_in_one_overflow_series()
    {
        var counter = _meter.CreateCounter<int>("lm_many");
        for (var i = 0; i < 1_005; i++) counter.Add(1, new KeyValuePair<string, object?>("code", i));

        var text = _exporter.Render();

        Assert.Contains("lm_many_total{overflow=\"true\"} 5\n", text);
        Assert.Equal(1_001, text.Split('\n').Count(line => line.StartsWith("lm_many_total{", StringComparison.Ordinal)));
    }

    [Fact]
    public void Concurrent_measurements_are_all_counted()
    {
        var counter = _meter.CreateCounter<long>("lm_parallel");
        Parallel.For(0, 10_000, i => counter.Add(1, new KeyValuePair<string, object?>("lane", i % 4)));

        var sum = _exporter.Render().Split('\n').Where(line => line.StartsWith("lm_parallel_total{", StringComparison.Ordinal)).Sum(line => long.Parse(line.Split(' ')[1]));

        Assert.Equal(10_000, sum);
    }
}
