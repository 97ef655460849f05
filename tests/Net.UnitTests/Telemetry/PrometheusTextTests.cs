using System.Diagnostics.Metrics;
using Net.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Net.UnitTests.Telemetry;

/// <summary>Metrics as a Prometheus server reads them. Each test has a meter of its own.</summary>
[TestClass]
public sealed class PrometheusTextTests
{
    private static readonly ExplicitBucketHistogramConfiguration s_twoBuckets = new() { Boundaries = [0.1, 1] };
    private readonly PrometheusText _text = new();

    [TestMethod]
    public void Collect_Counter_IsATotalWithItsTags()
    {
        using var meter = new Meter("Test.Counter", "1.2");
        using MeterProvider provider = Build(meter.Name);
        Counter<long> counter = meter.CreateCounter<long>("net.streams", "{stream}", "Streams opened.");
        counter.Add(2, new KeyValuePair<string, object?>("net.route", "echo"));
        counter.Add(3, new KeyValuePair<string, object?>("net.route", "echo"));

        string text = _text.Collect();

        Assert.Contains("# HELP net_streams_total Streams opened.\n# TYPE net_streams_total counter\n", text);
        Assert.Contains("\nnet_streams_total{net_route=\"echo\",otel_scope_name=\"Test.Counter\",otel_scope_version=\"1.2\"} 5\n", text);
    }

    [TestMethod]
    public void Collect_UpDownCounterAndGauges_AreGauges()
    {
        using var meter = new Meter("Test.Gauges");
        using MeterProvider provider = Build(meter.Name);
        UpDownCounter<int> open = meter.CreateUpDownCounter<int>("open");
        open.Add(5);
        open.Add(-7);
        meter.CreateObservableGauge("load", static () => 0.25, "1");
        meter.CreateGauge<double>("limit", "By").Record(double.PositiveInfinity);

        string text = _text.Collect();

        Assert.Contains("# TYPE open gauge\nopen{otel_scope_name=\"Test.Gauges\"} -2\n", text);
        Assert.Contains("# TYPE load_ratio gauge\nload_ratio{otel_scope_name=\"Test.Gauges\"} 0.25\n", text);
        Assert.Contains("limit_bytes{otel_scope_name=\"Test.Gauges\"} +Inf\n", text);
    }

    [TestMethod]
    public void Collect_Histogram_HasCumulativeBucketsSumAndCount()
    {
        using var meter = new Meter("Test.Histogram");
        using MeterProvider provider = Build(meter.Name, static b => b.AddView("rpc.duration", s_twoBuckets));
        Histogram<double> histogram = meter.CreateHistogram<double>("rpc.duration", "s");
        foreach (double value in (double[])[0.05, 0.5, 0.5, 2])
        {
            histogram.Record(value);
        }

        string text = _text.Collect();

        const string Labels = "otel_scope_name=\"Test.Histogram\"";
        Assert.Contains(
            "# TYPE rpc_duration_seconds histogram\n" +
            $"rpc_duration_seconds_bucket{{{Labels},le=\"0.1\"}} 1\n" +
            $"rpc_duration_seconds_bucket{{{Labels},le=\"1\"}} 3\n" +
            $"rpc_duration_seconds_bucket{{{Labels},le=\"+Inf\"}} 4\n" +
            $"rpc_duration_seconds_sum{{{Labels}}} 3.05\n" +
            $"rpc_duration_seconds_count{{{Labels}}} 4\n",
            text);
    }

    [TestMethod]
    public void Collect_TextThatWouldBreakALine_IsEscaped()
    {
        using var meter = new Meter("Test.Escapes");
        using MeterProvider provider = Build(meter.Name);
        meter.CreateCounter<long>("lives", null, "one\ntwo\\").Add(1, new KeyValuePair<string, object?>("peer\"name", "a\"b\\c\nd"));

        string text = _text.Collect();

        Assert.Contains("# HELP lives_total one\\ntwo\\\\\n", text);
        Assert.Contains("lives_total{peer_name=\"a\\\"b\\\\c\\nd\",otel_scope_name=\"Test.Escapes\"} 1\n", text);
        Assert.IsTrue(text.Split('\n').All(static line => line.Length == 0 || line[0] == '#' || line.Contains("} ", StringComparison.Ordinal)), text);
    }

    [TestMethod]
    [DataRow("http.server.request.duration", "s", false, false, "http_server_request_duration_seconds")]
    [DataRow("net.bytes", "By", true, false, "net_bytes_total")]
    [DataRow("net.sent", "By", true, false, "net_sent_bytes_total")]
    [DataRow("net.total", "", true, false, "net_total")]
    [DataRow("load", "1", false, true, "load_ratio")]
    [DataRow("calls", "1", true, false, "calls_total")]
    [DataRow("net.connections", "{connection}", false, true, "net_connections")]
    [DataRow("speed", "By/s", false, true, "speed_bytes_per_second")]
    [DataRow("turns", "{turn}/m", false, true, "turns_per_minute")]
    [DataRow("9.lives//left", "%", false, true, "_9_lives_left_percent")]
    public void ToName_FollowsTheRulesForPrometheus(string name, string unit, bool isMonotonic, bool isGauge, string expected) =>
        Assert.AreEqual(expected, PrometheusNames.ToName(name, unit, isMonotonic, isGauge));

    [TestMethod]
    public void Collect_SameNameFromTwoMeters_IsOneFamilyUnlessTheTypesDiffer()
    {
        using var first = new Meter("Test.Same.One");
        using var second = new Meter("Test.Same.Two");
        using var third = new Meter("Test.Same.Three");
        using MeterProvider provider = Build("Test.Same.*");
        first.CreateCounter<long>("calls").Add(1);
        second.CreateCounter<long>("calls").Add(2);
        third.CreateGauge<long>("calls_total").Record(3);

        string text = _text.Collect();

        Assert.ContainsSingle(static line => line == "# TYPE calls_total counter", text.Split('\n'));
        Assert.Contains("calls_total{otel_scope_name=\"Test.Same.One\"} 1\n", text);
        Assert.Contains("calls_total{otel_scope_name=\"Test.Same.Two\"} 2\n", text);
        Assert.DoesNotContain("Test.Same.Three", text);
    }

    [TestMethod]
    public void Collect_Resource_IsTheTarget()
    {
        using MeterProvider provider = Build("Test.Target", static b => b.ConfigureResource(static r => r.Clear().AddAttributes([new("service.name", "net")])));

        Assert.AreEqual("# HELP target_info What is known of this process.\n# TYPE target_info gauge\ntarget_info{service_name=\"net\"} 1\n", _text.Collect());
    }

    [TestMethod]
    public void Collect_Twice_CountsFromTheStart()
    {
        using var meter = new Meter("Test.Twice");
        using MeterProvider provider = Build(meter.Name);
        Counter<double> counter = meter.CreateCounter<double>("work", "kWh/s");
        counter.Add(1.5);
        Assert.Contains("work_kWh_per_second_total{otel_scope_name=\"Test.Twice\"} 1.5\n", _text.Collect());
        counter.Add(1);
        Assert.Contains("work_kWh_per_second_total{otel_scope_name=\"Test.Twice\"} 2.5\n", _text.Collect());
    }

    [TestMethod]
    public void Collect_WithoutProvider_SaysHowToMendIt() =>
        Assert.Contains("AddPrometheusText", Assert.ThrowsExactly<InvalidOperationException>(() => _text.Collect()).Message);

    [TestMethod]
    public void Collect_TimeOutOfRange_IsRefused() => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _text.Collect(TimeSpan.Zero));

    private MeterProvider Build(string meter, Func<MeterProviderBuilder, MeterProviderBuilder>? change = null)
    {
        MeterProviderBuilder builder = Sdk.CreateMeterProviderBuilder().AddMeter(meter).AddPrometheusText(_text);
        return (change?.Invoke(builder) ?? builder).Build();
    }
}
