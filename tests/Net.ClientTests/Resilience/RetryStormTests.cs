using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resilience;

/// <summary>Back ends fail now and then, then all of them for a minute, in every way they can, under calls of every kind. Virtual time; the same seed gives the same run.</summary>
[TestClass]
public sealed class RetryStormTests
{
    private const int CallsPerSecond = 50;
    private static readonly TimeSpan OutageBegins = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan OutageEnds = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan End = TimeSpan.FromSeconds(160);
    private static readonly TimeSpan PerCall = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Unwind = TimeSpan.FromMilliseconds(100);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task RunAsync_AllBackEndsFailForAMinute_AddsLittleLoadAndRecovers()
    {
        int seed = TestSeed.Take(TestContext);
        Storm first = await RunAsync(seed);
        TestContext.WriteLine(
            $"{first.Before} calls while some fail, sent {first.SentBefore} times; {first.Offered} calls while all fail, sent {first.Sent} times ({(double)first.Sent / first.Offered:0.000}), at most {first.MostOfOneCall} times each; "
            + $"{first.Retries} retries, {first.Hedges} hedges, {first.Transparent} transparent; {first.Recovered} calls afterwards, all well; trace {first.Trace:x16}");

        Assert.IsTrue(first.Sent <= 1.2 * first.Offered, $"{first.Sent} attempts for {first.Offered} calls");
        Assert.IsTrue(first.SentBefore > first.Before && first.SentBefore <= 1.2 * first.Before, $"{first.SentBefore} attempts for {first.Before} calls");
        Assert.IsTrue(first.MostOfOneCall is > 1 and <= CallRunner.MaxAttempts);
        Assert.IsTrue(first.Retries > 0 && first.Hedges > 0 && first.Transparent > 0, "The run does not reach every kind of attempt.");
        Assert.AreEqual(first.Trace, (await RunAsync(seed)).Trace, "The same seed must give the same run.");
    }

    private static async Task<Storm> RunAsync(int seed)
    {
        var storm = new Storm(seed);
        List<Task> calls = [];
        var step = TimeSpan.FromSeconds(1.0 / CallsPerSecond);
        while (storm.Clock.Elapsed < End)
        {
            storm.FailureShare = storm.Clock.Elapsed < OutageBegins ? 0.06 : storm.Clock.Elapsed < OutageEnds ? 1 : 0;
            calls.Add(storm.CallAsync());
            storm.Clock.Advance(step);
        }

        storm.Clock.Advance(PerCall + Unwind);
        await Task.WhenAll(calls).WithTimeout();
        Assert.AreEqual(0, storm.Source.Lent);
        Assert.AreEqual(0, storm.Clock.ActiveTimers);
        Assert.AreEqual(10, storm.Runner.Budget.Tokens, "Calls that succeed fill the budget again.");
        return storm;
    }

    private sealed class Storm : CallHandler<Storm.Call, FakeReply>
    {
        private static readonly CallPolicy Retried = new() { Retry = new() { MaxAttempts = 5 }, Timeouts = new() { PerCall = PerCall, PerAttempt = TimeSpan.FromMilliseconds(500) } };
        private static readonly CallPolicy Hedged = new() { Hedging = new() { MaxAttempts = 4, Delay = TimeSpan.FromMilliseconds(20) }, Timeouts = new() { PerCall = PerCall } };
        private readonly Random _random;
        private int _calls;

        internal Storm(int seed)
        {
            _random = new Random(seed);
            Source = new FakeLeaseSource(Clock);
            Runner = new CallRunner(Source, new() { Random = new Random(seed) });
        }

        internal ManualTimeProvider Clock { get; } = new();

        internal FakeLeaseSource Source { get; }

        internal CallRunner Runner { get; }

        /// <summary>The share of attempts that fail now.</summary>
        internal double FailureShare { get; set; }

        /// <summary>Calls that began before the outage.</summary>
        internal int Before { get; private set; }

        internal int Offered { get; private set; }

        internal int Sent { get; private set; }

        internal int SentBefore { get; private set; }

        internal int MostOfOneCall { get; private set; }

        internal int Retries { get; private set; }

        internal int Hedges { get; private set; }

        internal int Transparent { get; private set; }

        internal int Recovered { get; private set; }

        internal ulong Trace { get; private set; } = 14695981039346656037;

        internal async Task CallAsync()
        {
            int kind = _random.Next(4);
            var call = new Call(_calls++, Clock.Elapsed, FailureShare, kind == 0 ? Idempotency.NonIdempotent : Idempotency.Idempotent);
            Before += FailureShare is > 0 and < 1 ? 1 : 0;
            Offered += FailureShare == 1 ? 1 : 0;
            var plan = new CallPlan(FakeLeaseSource.Protocol, "/storm/Do") { Policy = kind == 1 ? Hedged : Retried, Idempotency = call.Idempotency };
            CallOutcome outcome;
            try
            {
                outcome = (await Runner.RunAsync(plan, call, this)).Verdict.Outcome;
            }
            catch (TransportException exception)
            {
                outcome = AttemptVerdict.Of(exception).Outcome;
            }

            Assert.IsFalse(call.HasEnded, "A call ends once.");
            call.HasEnded = true;
            Assert.IsTrue(Clock.Elapsed - call.Started <= PerCall + Unwind, $"Call {call.Id} took {Clock.Elapsed - call.Started}.");
            MostOfOneCall = Math.Max(MostOfOneCall, call.Sent);
            Note(call.Id, (int)outcome);
            if (call.FailureShare == 0)
            {
                Assert.AreEqual(CallOutcome.Success, outcome, $"Call {call.Id} at {call.Started}.");
                Recovered++;
            }
        }

        public override async ValueTask<FakeReply> SendAsync(Call request, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken)
        {
            Assert.IsFalse(request.HasEnded, "A call that has ended is not sent.");
            Assert.IsFalse(request.HasBegunResponse, "Nothing is sent again once a response has begun.");
            Assert.IsTrue(Clock.Elapsed < request.Started + PerCall, "Nothing is sent after the deadline.");
            Assert.IsFalse(request.Idempotency == Idempotency.NonIdempotent && request.MayHaveRun, "What may have run is not sent twice.");
            request.Sent++;
            request.MayHaveRun = true;
            SentBefore += request.FailureShare is > 0 and < 1 ? 1 : 0;
            Sent += request.FailureShare == 1 ? 1 : 0;
            Retries += attempt.Kind == AttemptKind.Retry ? 1 : 0;
            Hedges += attempt.Kind == AttemptKind.Hedge ? 1 : 0;
            Transparent += attempt.Kind == AttemptKind.Transparent ? 1 : 0;
            Note(request.Id, 100 + attempt.Number);
            if (_random.NextDouble() >= FailureShare)
            {
                await WaitAsync(5, cancellationToken);
                return FakeReply.Ok();
            }

            return await FailAsync(request, _random.Next(8), cancellationToken);
        }

        public override AttemptVerdict Classify(Call request, FakeReply result) => result.Verdict;

        private async Task<FakeReply> FailAsync(Call call, int way, CancellationToken token)
        {
            await WaitAsync(way == 0 ? 10_000 : _random.Next(1, 60), token);
            var verdict = new AttemptVerdict(way < 4 ? CallOutcome.ServerFailure : CallOutcome.TransportFailure);
            switch (way)
            {
                case 1:
                    return new FakeReply(verdict with { Pushback = TimeSpan.FromMilliseconds(200) });
                case 2:
                    return new FakeReply(verdict with { Pushback = TimeSpan.FromMilliseconds(-1) });
                case 3:
                    call.HasBegunResponse = true;
                    return new FakeReply(verdict with { IsCommitted = true });
                case 4:
                    call.MayHaveRun = false;
                    return new FakeReply(new AttemptVerdict(CallOutcome.Refused) { IsUnprocessed = true });
                case 5:
                    throw new TransportException(TransportError.ConnectionLost, "lost");
                default:
                    return new FakeReply(verdict);
            }
        }

        private async Task WaitAsync(int milliseconds, CancellationToken token)
        {
            var end = new TaskCompletionSource();
            using (token.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetCanceled(), end))
            using (Clock.CreateTimer(static state => ((TaskCompletionSource)state!).TrySetResult(), end, TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan))
            {
                await end.Task;
            }
        }

        private void Note(int call, int what) => Trace = (((Trace ^ (ulong)call) * 1099511628211) ^ (ulong)(Clock.Elapsed.Ticks + what)) * 1099511628211;

        internal sealed class Call(int id, TimeSpan started, double failureShare, Idempotency idempotency)
        {
            internal int Id => id;

            internal TimeSpan Started => started;

            internal double FailureShare => failureShare;

            internal Idempotency Idempotency => idempotency;

            internal int Sent { get; set; }

            internal bool MayHaveRun { get; set; }

            internal bool HasBegunResponse { get; set; }

            internal bool HasEnded { get; set; }
        }
    }
}
