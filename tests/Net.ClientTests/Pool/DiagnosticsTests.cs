using System.Diagnostics;
using System.Diagnostics.Metrics;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>What a pool reports to whoever listens.</summary>
[TestClass]
public sealed class DiagnosticsTests
{
    [TestMethod]
    public void Metrics_OfAPoolInUse_CountConnectionsLeasesWaitersAndWaits()
    {
        const string Name = "metrics-of-a-pool";
        Dictionary<string, double> figures = [];
        using var listener = new MeterListener();
        listener.InstrumentPublished = static (instrument, l) =>
        {
            if (instrument.Meter.Name == ClientDiagnostics.SourceName)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        void Take<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
        {
            string? channel = null;
            string detail = "";
            foreach ((string key, object? tag) in tags)
            {
                channel = key == "transport.channel" ? (string?)tag : channel;
                detail = key is "transport.pool.state" or "error.type" or "transport.outcome" ? $"[{tag}]" : detail;
            }

            if (channel == Name)
            {
                lock (figures)
                {
                    string figure = instrument.Name + detail;
                    figures[figure] = (instrument is Counter<long> ? figures.GetValueOrDefault(figure) : 0) + Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture);
                }
            }
        }

        listener.SetMeasurementEventCallback<long>(Take);
        listener.SetMeasurementEventCallback<double>(Take);
        listener.Start();
        var protocol = new FakeChannelProtocol { MaxStreams = 1, IsManual = true };
        using (var fixture = new PoolFixture(new PoolOptions { MinConnections = 1, MaxConnections = 1 }, static o => o with { Name = Name }, protocol: protocol))
        {
            protocol.Pending[0].Fail();
            fixture.Advance(1);
            protocol.Pending[0].Succeed();
            fixture.Run();
            ChannelLease held = fixture.Begin();
            Task<ChannelLease> waiting = fixture.RentAsync();
            fixture.Tls.Rotate();
            fixture.Run();
            listener.RecordObservableInstruments();
            Assert.AreEqual(1, figures["transport.pool.connections[expiring]"]);
            Assert.AreEqual(1, figures["transport.pool.leases"]);
            Assert.AreEqual(1, figures["transport.pool.waiters"]);
            Assert.AreEqual(1, figures["transport.pool.generation"]);
            Assert.AreEqual(1, figures["transport.pool.connect.failures[ConnectFailed]"]);
            Assert.AreEqual(1, figures["transport.pool.connections.opened"]);
            Assert.AreEqual(1, figures["transport.pool.renewals"]);
            fixture.Advance(2);
            protocol.Pending[0].Succeed();
            fixture.Run();
            Assert.AreEqual(2, figures["transport.pool.wait.duration[ok]"], 0.01);
            waiting.Result.Dispose();
            PoolFixture.End(held);
        }

        figures.Clear();
        listener.RecordObservableInstruments();
        Assert.IsEmpty(figures, "a closed channel is still counted");
    }

    [TestMethod]
    public void Spans_OfACallThatWaited_TellTheWaitTheTargetAndTheExplanation()
    {
        List<Activity> spans = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == ClientDiagnostics.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (spans)
                {
                    spans.Add(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var call = new Activity("call") { ActivityTraceFlags = ActivityTraceFlags.Recorded };
        call.IsAllDataRequested = true;
        call.Start();
        using var fixture = new PoolFixture(protocol: new FakeChannelProtocol("spans-of-a-call") { IsManual = true }, warmUp: false);
        var trace = new CallTrace();
        Task<ChannelLease> waiting = fixture.RentAsync(new LeaseRequest { Trace = trace });
        fixture.Protocol.Pending[0].Succeed();
        fixture.Run();
        waiting.Result.Describe(call);
        trace.ExportTo(call);
        Activity wait = spans.Single(static s => s.OperationName == "transport.pool.wait" && (string?)s.GetTagItem("network.protocol.name") == "spans-of-a-call");
        Assert.AreEqual(call.SpanId, wait.ParentSpanId);
        Assert.AreEqual("10.0.0.1", call.GetTagItem("server.address"));
        Assert.AreEqual(443, call.GetTagItem("server.port"));
        Assert.AreEqual(waiting.Result.Choice, call.GetTagItem("transport.pool.choice"));
        Assert.HasCount(trace.Steps.Count, (string[])call.GetTagItem("transport.pool.explain")!);
        waiting.Result.Dispose();

        Task<ChannelLease> refused = fixture.RentAsync(fixture.Within(-1));
        Assert.IsTrue(refused.IsFaulted);
        Assert.AreEqual(nameof(TransportError.DeadlineExceeded), spans.Last(static s => (string?)s.GetTagItem("network.protocol.name") == "spans-of-a-call").GetTagItem("error.type"));
    }
}
