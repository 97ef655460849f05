using System.Collections.Concurrent;
using System.Diagnostics;
using Net.Aql;
using Net.Client;
using Net.Grpc;
using Net.Http3;
using Net.Security;
using Net.Server;
using Net.Telemetry;
using Net.Testing;
using Net.UnitTests.Server;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Net.UnitTests.Telemetry;

/// <summary>The signals as the OpenTelemetry SDK sees them. Alone in the process, as meters belong to the whole of it.</summary>
[TestClass]
[DoNotParallelize]
public sealed class NetInstrumentationTests
{
    [TestMethod]
    public void SourceNames_AreThoseOfTheLibraries() => CollectionAssert.AreEqual(
        (string[])
        [
            TransportDiagnostics.SourceName, ClientDiagnostics.SourceName, ServerDiagnostics.SourceName,
            Http3Diagnostics.SourceName, GrpcDiagnostics.SourceName, AqlDiagnostics.SourceName, Net.Security.CertificateDiagnostics.SourceName,
        ],
        NetInstrumentationExtensions.SourceNames.ToArray());

    [TestMethod]
    public async Task Spans_OfARawStream_AreOneTraceFromCallerToHandler()
    {
        var spans = new SpanRecorder();
        using TracerProvider provider = Sdk.CreateTracerProviderBuilder().AddNetInstrumentation().AddSource("Caller").AddProcessor(spans).Build();
        using var caller = new ActivitySource("Caller");
        ActivityContext inHandler = default;
        ActivityTraceId trace;
        await using (RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("look", _ =>
        {
            inHandler = Activity.Current?.Context ?? default;
            return Task.CompletedTask;
        })))
        {
            using Activity root = caller.StartActivity("root")!;
            trace = root.TraceId;
            root.TraceStateString = "vendor=1";
            await using RawStream stream = await fixture.Client.OpenAsync("look").AsTask().WithTimeout();
            Assert.AreSame(root, Activity.Current, "The stream's span belongs to the stream, not to what its caller does next.");
            await stream.Output.CompleteAsync();
            await stream.ReceiveAllAsync();
        }

        Activity client = spans.Single("Net.Client", trace);
        Activity server = spans.Single("Net.Server", trace);
        Assert.AreEqual("transport.stream", client.OperationName);
        Assert.AreEqual(ActivityKind.Client, client.Kind);
        Assert.AreEqual(ActivityKind.Server, server.Kind);
        Assert.AreEqual(client.SpanId, server.ParentSpanId);
        Assert.AreEqual(server.SpanId, inHandler.SpanId);
        Assert.AreEqual("vendor=1", server.TraceStateString);
        Assert.AreEqual("look", server.GetTagItem("transport.route"));
        Assert.AreEqual("quic", client.GetTagItem("network.transport"));
        Assert.AreEqual(ActivityStatusCode.Unset, server.Status);
    }

    [TestMethod]
    public async Task Spans_OfAFailedStream_SayWhy()
    {
        var spans = new SpanRecorder();
        using TracerProvider provider = Sdk.CreateTracerProviderBuilder().AddNetInstrumentation().AddSource("Caller").AddProcessor(spans).Build();
        using var caller = new ActivitySource("Caller");
        ActivityTraceId trace;
        await using (RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("broken", static _ => throw new InvalidDataException("it broke"))))
        {
            using Activity root = caller.StartActivity("root")!;
            trace = root.TraceId;
            await using RawStream stream = await fixture.Client.OpenAsync("broken").AsTask().WithTimeout();
            await stream.SendAsync("x");
            await stream.FailsAsync();
        }

        Activity client = spans.Single("Net.Client", trace);
        Activity server = spans.Single("Net.Server", trace);
        Assert.AreEqual("System.IO.InvalidDataException", server.GetTagItem("error.type"));
        Assert.AreEqual(ActivityStatusCode.Error, server.Status);
        Assert.AreEqual("StreamReset", client.GetTagItem("error.type"));
        Assert.AreEqual(ActivityStatusCode.Error, client.Status);
    }

    [TestMethod]
    public async Task Metrics_OfRawStreams_HaveTheirNamesUnitsAndTags()
    {
        var metrics = new MetricRecorder();
        using (MeterProvider provider = Sdk.CreateMeterProviderBuilder().AddNetInstrumentation().AddReader(new BaseExportingMetricReader(metrics)).Build())
        {
            await using (RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("metered", static _ => Task.CompletedTask)))
            {
                await EndAsync(fixture.Client, "metered");
                await EndAsync(fixture.Client, "no-such-route");
            }

            provider.ForceFlush();
        }

        string all = string.Join("\n", metrics.Lines);
        Assert.Contains("transport.server.stream.duration s transport.route=metered count 1", all);
        Assert.Contains("transport.server.stream.duration s error.type=UnknownRoute count 1", all);
        Assert.Contains("transport.server.streams.active {stream} transport.route=metered sum 0", all);
        Assert.Contains("transport.client.stream.duration s  count 1", all);
        Assert.Contains("transport.client.stream.duration s error.type=StreamReset count 1", all);
        Assert.IsNotEmpty(metrics.Lines.Where(static line => line.StartsWith("transport.connect.duration s", StringComparison.Ordinal)));
    }

    private static async Task EndAsync(RawStreamClient client, string route)
    {
        await using RawStream stream = await client.OpenAsync(route).AsTask().WithTimeout();
        await stream.Output.CompleteAsync();
        try
        {
            await stream.ReceiveAllAsync();
        }
        catch (TransportException exception) when (exception.ApplicationErrorCode == RawStreamErrorCodes.UnknownRoute)
        {
            // The span and the metric tell it too, which is what is looked at.
        }
    }

    private sealed class SpanRecorder : BaseProcessor<Activity>
    {
        private readonly ConcurrentQueue<Activity> _ended = [];

        public override void OnEnd(Activity data) => _ended.Enqueue(data);

        internal Activity Single(string source, ActivityTraceId trace) =>
            _ended.Single(activity => activity.Source.Name == source && activity.TraceId == trace);
    }

    private sealed class MetricRecorder : BaseExporter<Metric>
    {
        internal List<string> Lines { get; } = [];

        public override ExportResult Export(in Batch<Metric> batch)
        {
            Lines.Clear();
            foreach (Metric metric in batch)
            {
                foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
                {
                    List<string> tags = [];
                    foreach (KeyValuePair<string, object?> tag in point.Tags)
                    {
                        tags.Add($"{tag.Key}={tag.Value}");
                    }

                    string value = metric.MetricType == MetricType.Histogram ? $"count {point.GetHistogramCount()}" : $"sum {point.GetSumLong()}";
                    Lines.Add($"{metric.Name} {metric.Unit} {string.Join(",", tags)} {value}");
                }
            }

            return ExportResult.Success;
        }
    }
}
