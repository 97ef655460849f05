using System.Diagnostics.Metrics;
using System.Threading.Tasks.Sources;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resilience;

/// <summary>What a call costs that needs nothing of the runner, and what is counted of one that does.</summary>
[TestClass]
[DoNotParallelize]
public sealed class CallRunnerCostTests : CallRunnerTestBase
{
    private const int Calls = 1000;
    private static readonly FakeReply Reply = FakeReply.Ok();

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void RunAsync_FirstAttemptSucceedsAtOnce_AllocatesNothing(bool retries)
    {
        Source.Records = false;
        var handler = new Immediate();
        CallPlan plan = Plan(retries ? Retry() : null);
        void Run()
        {
            for (int i = 0; i < Calls; i++)
            {
                ValueTask<FakeReply> call = Runner.RunAsync(plan, "x", handler);
                Assert.IsTrue(call.IsCompletedSuccessfully);
                _ = call.Result;
            }
        }

        Assert.AreEqual(0, Allocated(Run));
    }

    [TestMethod]
    public void RunAsync_WithADeadline_AllocatesItsTokenAlone()
    {
        Source.Records = false;
        var handler = new Immediate();
        CallPlan plan = Plan(Retry()) with { Timeout = TimeSpan.FromSeconds(30) };
        void Run()
        {
            for (int i = 0; i < Calls; i++)
            {
                ValueTask<FakeReply> call = Runner.RunAsync(plan, "x", handler);
                Assert.IsTrue(call.IsCompletedSuccessfully);
                _ = call.Result;
            }
        }

        Assert.IsLessThanOrEqualTo(144L * Calls, Allocated(Run));
    }

    [TestMethod]
    public void RunAsync_FirstAttemptSucceedsLater_AllocatesNothing()
    {
        Source.Records = false;
        var handler = new Later();
        CallPlan plan = Plan(Retry());
        void Run()
        {
            for (int i = 0; i < Calls; i++)
            {
                ValueTask<FakeReply> call = Runner.RunAsync(plan, "x", handler);
                Assert.IsFalse(call.IsCompleted);
                handler.Complete();
                Assert.IsTrue(call.IsCompletedSuccessfully);
                _ = call.Result;
            }
        }

        Assert.AreEqual(0, Allocated(Run));
    }

    [TestMethod]
    public async Task RunAsync_Measured_CountsAttemptsRetriesAndTokens()
    {
        List<string> measured = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == ClientDiagnostics.SourceName && (instrument.Name.StartsWith("transport.call.", StringComparison.Ordinal) || instrument.Name.StartsWith("transport.retry.", StringComparison.Ordinal)))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => measured.Add($"{instrument.Name} {value}{Text(tags)}"));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => measured.Add($"{instrument.Name} {value}{Text(tags)}"));
        listener.Start();

        await Finish(Run(FakeHandler.Throwing(Lost), Retry()));
        await Run(new FakeHandler((attempt, token) => attempt.Number == 1 ? throw Lost : new ValueTask<FakeReply>(FakeReply.Ok())), new() { Hedging = new() });

        CollectionAssert.AreEqual(
            (string[])[
                "transport.call.attempts 1 transport_failure", "transport.retry.budget 9 default", "transport.call.retries 1 retry", "transport.call.attempts 1 success",
                "transport.call.attempts 1 transport_failure", "transport.retry.budget 8.1 default", "transport.call.hedges 1", "transport.call.attempts 1 success",
            ],
            measured);
    }

    [TestMethod]
    public void BreakerState_AsBreakersComeChangeAndGo_CountsThemByState()
    {
        var counts = new Dictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == ClientDiagnostics.SourceName && instrument.Name == "transport.breaker.state")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => counts[Text(tags).Trim()] = value);
        listener.Start();
        Dictionary<string, long> Read()
        {
            listener.RecordObservableInstruments();
            return new(counts);
        }

        using (var first = new CircuitBreaker("a:1"))
        {
            // The first breaker of the process may only now have made the instrument.
            Dictionary<string, long> before = Read();
            var breaker = new CircuitBreaker("b:1");
            Assert.AreEqual(before["closed"] + 1, Read()["closed"]);
            breaker.Isolate();
            Assert.AreEqual((before["closed"], before["isolated"] + 1), (Read()["closed"], Read()["isolated"]));
            breaker.Dispose();
            breaker.Dispose();
            Assert.AreEqual((before["closed"], before["isolated"]), (Read()["closed"], Read()["isolated"]));
        }
    }

    private static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string text = "";
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            text += " " + tag.Value;
        }

        return text;
    }

    // The first runs compile and fill pools; in a later one nothing is left to allocate. A collection or a compilation in between may cost a run, not ten.
    private static long Allocated(Action run)
    {
        long least = long.MaxValue;
        for (int i = 0; i < 10 && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private sealed class Immediate : CallHandler<string, FakeReply>
    {
        public override ValueTask<FakeReply> SendAsync(string request, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken) => new(Reply);
    }

    private sealed class Later : CallHandler<string, FakeReply>, IValueTaskSource<FakeReply>
    {
        private ManualResetValueTaskSourceCore<FakeReply> _core;

        public override ValueTask<FakeReply> SendAsync(string request, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken)
        {
            _core.Reset();
            return new ValueTask<FakeReply>(this, _core.Version);
        }

        public FakeReply GetResult(short token) => _core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);

        internal void Complete() => _core.SetResult(Reply);
    }
}
