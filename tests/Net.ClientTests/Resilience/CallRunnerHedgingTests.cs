using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resilience;

[TestClass]
public sealed class CallRunnerHedgingTests : CallRunnerTestBase
{
    private static readonly CallPolicy Hedged = new() { Hedging = new() { MaxAttempts = 3, Delay = TimeSpan.FromMilliseconds(100) } };

    [TestMethod]
    public async Task RunAsync_FirstIsSlow_TakesTheSecondsAnswerAndCancelsTheFirst()
    {
        var handler = new FakeHandler((attempt, token) => attempt.Number == 1 ? Hang(token) : new ValueTask<FakeReply>(FakeReply.Ok("second")));
        Task<FakeReply> call = Run(handler, Hedged);
        Clock.Advance(TimeSpan.FromMilliseconds(99));
        Assert.AreEqual(1, handler.Attempts.Count);
        Clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.AreEqual("second", (await call.WithTimeout()).Text);
        CollectionAssert.AreEqual((int[])[1, 2], Source.Picks);
        CollectionAssert.AreEquivalent((CallOutcome[])[CallOutcome.Success, CallOutcome.Cancelled], Source.Outcomes);
        Assert.AreEqual(AttemptKind.Hedge, handler.Attempts[1].Kind);
    }

    [TestMethod]
    public async Task RunAsync_FirstAnswersInTime_IsTheOnlyOne()
    {
        var handler = new FakeHandler((_, token) => After(50, FakeReply.Ok(), token));

        await Finish(Run(handler, Hedged));

        Assert.AreEqual(1, handler.Attempts.Count);
    }

    [TestMethod]
    public async Task RunAsync_AllAreSlow_SendsNoMoreThanTheMost()
    {
        var handler = new FakeHandler((_, token) => Hang(token));
        Task<FakeReply> call = Run(handler, Hedged with { Timeouts = new() { PerCall = TimeSpan.FromSeconds(1) } });

        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.AreEqual(TransportError.DeadlineExceeded, (await Assert.ThrowsExactlyAsync<TransportException>(() => call.WithTimeout())).Error);
        CollectionAssert.AreEqual((int[])[1, 2, 3], Source.Picks);
        Assert.IsTrue(Source.Outcomes.All(static o => o == CallOutcome.TimedOut));
    }

    [TestMethod]
    public async Task RunAsync_OneFails_SendsTheNextAtOnce()
    {
        FakeHandler handler = FakeHandler.Throwing(Lost);

        Assert.AreEqual("ok", (await Run(handler, Hedged).WithTimeout()).Text);

        Assert.AreEqual(TimeSpan.Zero, Clock.Elapsed);
        Assert.AreEqual(9.1, Runner.Budget.Tokens, 1e-9);
    }

    [TestMethod]
    public async Task RunAsync_AllFail_ReportsTheLastAndDiscardsTheOthers()
    {
        FakeReply[] replies = [FakeReply.Of(CallOutcome.ServerFailure), FakeReply.Of(CallOutcome.ServerFailure), FakeReply.Of(CallOutcome.ServerFailure)];

        Assert.AreSame(replies[2], await Run(FakeHandler.Replying(replies), Hedged).WithTimeout());
        CollectionAssert.AreEqual((int[])[1, 1, 0], replies.Select(static r => r.Disposed).ToArray());
    }

    [TestMethod]
    public async Task RunAsync_FailureThatIsNotNamed_EndsTheCall()
    {
        var handler = new FakeHandler((attempt, token) => attempt.Number == 1 ? Hang(token) : new ValueTask<FakeReply>(FakeReply.Of(CallOutcome.Overloaded)));
        Task<FakeReply> call = Run(handler, Hedged);
        Clock.Advance(TimeSpan.FromMilliseconds(100));

        Assert.AreEqual("Overloaded", (await call.WithTimeout()).Text);
        Assert.AreEqual(2, handler.Attempts.Count);
    }

    [TestMethod]
    public async Task RunAsync_NonIdempotent_IsSentOnce()
    {
        var handler = new FakeHandler((_, token) => After(500, FakeReply.Ok(), token));

        await Finish(Run(handler, Hedged, Idempotency.NonIdempotent));

        Assert.AreEqual(1, handler.Attempts.Count);
    }

    [TestMethod]
    public async Task RunAsync_NegativePushback_StopsFurtherHedges()
    {
        var no = new FakeReply(new AttemptVerdict(CallOutcome.ServerFailure) { Pushback = TimeSpan.FromTicks(-1) });
        var handler = new FakeHandler((attempt, token) => attempt.Number == 1 ? After(500, FakeReply.Ok(), token) : new ValueTask<FakeReply>(no));

        Assert.AreEqual("ok", (await Finish(Run(handler, Hedged))).Text);
        Assert.AreEqual(2, handler.Attempts.Count);
    }

    [TestMethod]
    public async Task RunAsync_Pushback_NamesTheTimeOfTheNext()
    {
        var later = new FakeReply(new AttemptVerdict(CallOutcome.ServerFailure) { Pushback = TimeSpan.FromMilliseconds(700) });
        Task<FakeReply> call = Run(FakeHandler.Replying(later, FakeReply.Ok()), Hedged);
        Clock.Advance(TimeSpan.FromMilliseconds(699));
        Assert.IsFalse(call.IsCompleted);
        Clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.AreEqual("ok", (await call.WithTimeout()).Text);
    }

    [TestMethod]
    public async Task RunAsync_BudgetUsedUp_SendsNoHedge()
    {
        for (int i = 0; i < 5; i++)
        {
            Runner.Budget.RecordFailure();
        }

        var handler = new FakeHandler((_, token) => After(500, FakeReply.Ok(), token));
        await Finish(Run(handler, Hedged));

        Assert.AreEqual(1, handler.Attempts.Count);
    }

    [TestMethod]
    public async Task RunAsync_NoDelay_SendsAllAtOnceAndDiscardsAnswersThatComeSecond()
    {
        TaskCompletionSource<FakeReply>[] attempts = [new(), new(), new()];
        var handler = new FakeHandler((attempt, _) => new ValueTask<FakeReply>(attempts[attempt.Number - 1].Task));
        Task<FakeReply> call = Run(handler, new() { Hedging = new() { MaxAttempts = 3, Delay = TimeSpan.Zero } });
        Clock.Advance(TimeSpan.Zero);
        Clock.Advance(TimeSpan.Zero);
        Assert.AreEqual(3, handler.Attempts.Count);

        attempts[1].SetResult(FakeReply.Ok("second"));
        Assert.AreEqual("second", (await call.WithTimeout()).Text);
        var third = new FakeReply(new AttemptVerdict(CallOutcome.Success) { KeepsLease = true });
        attempts[2].SetResult(third);
        Assert.AreEqual(1, third.Disposed);
        Clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.AreEqual(0, Source.Lent, "The first never heeded its token and is left behind.");
        attempts[0].SetException(Lost);
    }

    [TestMethod]
    public async Task RunAsync_HedgeFindsNoConnection_DoesNotEndTheFirst()
    {
        Task<FakeReply> call = Run(new FakeHandler((_, token) => After(500, FakeReply.Ok(), token)), Hedged);
        Source.Refusal = static () => new TransportException(TransportError.PoolExhausted, "full");

        Assert.AreEqual("ok", (await Finish(call)).Text);
    }
}
