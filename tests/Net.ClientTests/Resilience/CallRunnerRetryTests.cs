using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resilience;

[TestClass]
public sealed class CallRunnerRetryTests : CallRunnerTestBase
{
    [TestMethod]
    public async Task RunAsync_FirstSucceeds_IsSentOnce()
    {
        FakeHandler handler = FakeHandler.Replying(FakeReply.Ok());

        FakeReply reply = await Run(handler, Retry());

        Assert.AreEqual("ok", reply.Text);
        Assert.AreEqual(new AttemptContext(1, AttemptKind.First, Idempotency.Idempotent, 0), handler.Attempts.Single());
        CollectionAssert.AreEqual((CallOutcome[])[CallOutcome.Success], Source.Outcomes);
    }

    [TestMethod]
    public async Task RunAsync_ConnectionLostTwice_TriesOtherEndPointsAfterGrowingPauses()
    {
        FakeHandler handler = FakeHandler.Throwing(Lost, Lost);

        Task<FakeReply> call = Run(handler, Retry());
        Assert.AreEqual(1, handler.Attempts.Count);
        Clock.Advance(TimeSpan.FromMilliseconds(50));
        Assert.AreEqual(2, handler.Attempts.Count, "Half of 100 ms, as chance draws the middle.");
        Clock.Advance(TimeSpan.FromMilliseconds(99));
        Assert.AreEqual(2, handler.Attempts.Count);
        Clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.AreEqual("ok", (await call.WithTimeout()).Text);
        CollectionAssert.AreEquivalent((int[])[1, 2, 3], Source.Picks, "Each attempt goes to an end point that the call has not tried.");
        CollectionAssert.AreEqual((CallOutcome[])[CallOutcome.TransportFailure, CallOutcome.TransportFailure, CallOutcome.Success], Source.Outcomes);
        CollectionAssert.AreEqual((AttemptKind[])[AttemptKind.First, AttemptKind.Retry, AttemptKind.Retry], handler.Attempts.Select(static a => a.Kind).ToArray());
    }

    [TestMethod]
    public async Task RunAsync_AllAttemptsFail_ReportsTheLastFailure()
    {
        TransportException last = new(TransportError.ConnectionLost, "the third");
        FakeHandler handler = FakeHandler.Throwing(Lost, Lost, last, Lost);

        TransportException thrown = await Assert.ThrowsExactlyAsync<TransportException>(() => Finish(Run(handler, Retry())));

        Assert.AreSame(last, thrown);
        Assert.AreEqual(3, handler.Attempts.Count);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task RunAsync_LastAttemptUnprocessedAfterOneThatMayHaveBeen_DoesNotSayThatTheCallWasNot(bool isSent)
    {
        var open = new TransportException(TransportError.CircuitOpen, "all breakers are open") { IsSafeToRetry = true, RetryAfter = TimeSpan.FromSeconds(3) };
        FakeHandler handler = FakeHandler.Throwing(Lost, open, open, open);
        Task<FakeReply> call = Run(handler, Retry());
        Source.Refusal = () => isSent ? null : open;

        TransportException thrown = await Assert.ThrowsExactlyAsync<TransportException>(() => Finish(call));

        Assert.IsFalse(thrown.IsSafeToRetry);
        Assert.AreEqual(TransportError.CircuitOpen, thrown.Error);
        Assert.AreEqual(open.RetryAfter, thrown.RetryAfter);
        Assert.AreSame(open, thrown.InnerException);
    }

    [TestMethod]
    public async Task RunAsync_EveryAttemptUnprocessed_SaysThatTheCallWasNot()
    {
        FakeHandler handler = FakeHandler.Throwing(Unprocessed, Unprocessed, Unprocessed, Unprocessed, Unprocessed);

        TransportException thrown = await Assert.ThrowsExactlyAsync<TransportException>(() => Finish(Run(handler, Retry())));

        Assert.AreSame(Unprocessed, thrown);
    }

    [TestMethod]
    public async Task RunAsync_ServerAnswersWithFailures_DiscardsAllButTheLast()
    {
        FakeReply[] replies = [FakeReply.Of(CallOutcome.ServerFailure), FakeReply.Of(CallOutcome.ServerFailure), FakeReply.Of(CallOutcome.ServerFailure)];

        FakeReply reply = await Finish(Run(FakeHandler.Replying(replies), Retry()));

        Assert.AreSame(replies[2], reply);
        CollectionAssert.AreEqual((int[])[1, 1, 0], replies.Select(static r => r.Disposed).ToArray());
    }

    [TestMethod]
    public async Task RunAsync_NonIdempotentMayHaveBeenExecuted_IsNeverSentAgain()
    {
        foreach (CallOutcome outcome in (CallOutcome[])[CallOutcome.ServerFailure, CallOutcome.TransportFailure, CallOutcome.TimedOut, CallOutcome.Overloaded])
        {
            FakeHandler handler = FakeHandler.Replying(FakeReply.Of(outcome), FakeReply.Ok());

            FakeReply reply = await Finish(Run(handler, Retry(5), Idempotency.NonIdempotent));

            Assert.AreEqual(outcome.ToString(), reply.Text);
            Assert.AreEqual(1, handler.Attempts.Count, outcome.ToString());
        }
    }

    [TestMethod]
    public async Task RunAsync_ProvablyUnprocessed_IsSentAgainAtOnceAndDoesNotCount()
    {
        FakeHandler handler = FakeHandler.Throwing(Unprocessed);

        FakeReply reply = await Run(handler, CallPolicy.None, Idempotency.NonIdempotent).WithTimeout();

        Assert.AreEqual("ok", reply.Text);
        Assert.AreEqual(AttemptKind.Transparent, handler.Attempts[1].Kind);
        CollectionAssert.AreEqual((CallOutcome[])[CallOutcome.Refused, CallOutcome.Success], Source.Outcomes);
        Assert.AreEqual(10, Runner.Budget.Tokens, "It does not take from the budget either.");
        Assert.AreNotEqual(Source.Picks[0], Source.Picks[1]);
    }

    [TestMethod]
    public async Task RunAsync_UnprocessedAgainAndAgain_CountsFromTheSecondTimeOn()
    {
        FakeHandler handler = FakeHandler.Throwing(Unprocessed, Unprocessed, Unprocessed, Unprocessed, Unprocessed, Unprocessed);

        await Assert.ThrowsExactlyAsync<TransportException>(() => Finish(Run(handler, Retry(3), Idempotency.NonIdempotent)));

        CollectionAssert.AreEqual(
            (AttemptKind[])[AttemptKind.First, AttemptKind.Transparent, AttemptKind.Retry, AttemptKind.Retry], handler.Attempts.Select(static a => a.Kind).ToArray());
    }

    [TestMethod]
    public async Task RunAsync_UnprocessedAndFiveAttemptsAllowed_IsSentFiveTimesInAll()
    {
        FakeHandler handler = FakeHandler.Throwing([.. Enumerable.Repeat(Unprocessed, 9)]);
        var runner = new CallRunner(Source, new() { Budget = new() { MaxTokens = 1000 } });

        await Assert.ThrowsExactlyAsync<TransportException>(() => Finish(runner.RunAsync(Plan(Retry(5)), "x", handler).AsTask()));

        Assert.AreEqual(CallRunner.MaxAttempts, handler.Attempts.Count);
    }

    [TestMethod]
    public async Task RunAsync_ResponseHasBegun_IsNotSentAgain()
    {
        var begun = new FakeReply(new AttemptVerdict(CallOutcome.TransportFailure) { IsCommitted = true });
        FakeHandler handler = FakeHandler.Replying(begun, FakeReply.Ok());

        Assert.AreSame(begun, await Run(handler, Retry()).WithTimeout());
        Assert.AreEqual(1, handler.Attempts.Count);
    }

    [TestMethod]
    public async Task RunAsync_CallersOwnMistake_IsAnAnswer()
    {
        FakeHandler handler = FakeHandler.Replying(FakeReply.Of(CallOutcome.ApplicationFailure), FakeReply.Ok());

        FakeReply reply = await Run(handler, Retry()).WithTimeout();

        Assert.AreEqual("ApplicationFailure", reply.Text);
        Assert.AreEqual(10, Runner.Budget.Tokens);
        CollectionAssert.AreEqual((CallOutcome[])[CallOutcome.ApplicationFailure], Source.Outcomes);
    }

    [TestMethod]
    [DataRow(false, null, 1)]
    [DataRow(false, 20, 2)]
    [DataRow(true, null, 2)]
    public async Task RunAsync_Overloaded_IsSentAgainWhenThePolicyOrTheServerSaysSo(bool isNamed, int? pushback, int attempts)
    {
        var overloaded = new FakeReply(new AttemptVerdict(CallOutcome.Overloaded) { Pushback = pushback is int ms ? TimeSpan.FromMilliseconds(ms) : null });
        FakeHandler handler = FakeHandler.Replying(overloaded, FakeReply.Ok());
        var policy = new CallPolicy { Retry = new() { RetryOn = isNamed ? RetryTriggers.Overloaded : RetryTriggers.ServerFailure } };

        await Finish(Run(handler, policy));

        Assert.AreEqual(attempts, handler.Attempts.Count);
    }

    [TestMethod]
    public async Task RunAsync_Pushback_TakesThePlaceOfThePauseAndBeginsTheGrowthAnew()
    {
        FakeReply failed = FakeReply.Of(CallOutcome.ServerFailure);
        var pushed = new FakeReply(new AttemptVerdict(CallOutcome.ServerFailure) { Pushback = TimeSpan.FromMilliseconds(777) });
        FakeHandler handler = FakeHandler.Replying(failed, pushed, failed, FakeReply.Ok());

        Task<FakeReply> call = Run(handler, Retry(5));
        List<double> pauses = [];
        while (!call.IsCompleted)
        {
            pauses.Add(Clock.NextTimer!.Value.TotalMilliseconds);
            Clock.AdvanceToNextTimer();
        }

        Assert.AreEqual("ok", (await call).Text);
        CollectionAssert.AreEqual((double[])[50, 777, 50], pauses);
    }

    [TestMethod]
    public async Task RunAsync_NegativePushback_IsNotSentAgainAndCosts()
    {
        var no = new FakeReply(new AttemptVerdict(CallOutcome.ServerFailure) { Pushback = TimeSpan.FromMilliseconds(-1) });
        FakeHandler handler = FakeHandler.Replying(no, FakeReply.Ok());

        Assert.AreSame(no, await Run(handler, Retry()).WithTimeout());

        Assert.AreEqual(1, handler.Attempts.Count);
        Assert.AreEqual(9, Runner.Budget.Tokens);
    }

    [TestMethod]
    public async Task RunAsync_NegativePushbackOfTheUnprocessed_IsNotSentAgain()
    {
        var no = new FakeReply(new AttemptVerdict(CallOutcome.Refused) { IsUnprocessed = true, Pushback = TimeSpan.FromMilliseconds(-1) });
        FakeHandler handler = FakeHandler.Replying(no, FakeReply.Ok());

        Assert.AreSame(no, await Run(handler, Retry()).WithTimeout());
        Assert.AreEqual(1, handler.Attempts.Count);
    }

    [TestMethod]
    public async Task RunAsync_BudgetUsedUp_IsNotSentAgainUntilCallsSucceed()
    {
        for (int i = 0; i < 5; i++)
        {
            Runner.Budget.RecordFailure();
        }

        FakeHandler failing = FakeHandler.Throwing(Lost);
        await Assert.ThrowsExactlyAsync<TransportException>(() => Finish(Run(failing, Retry())));
        Assert.AreEqual(1, failing.Attempts.Count);
        FakeHandler refused = FakeHandler.Throwing(Unprocessed);
        await Assert.ThrowsExactlyAsync<TransportException>(() => Finish(Run(refused, Retry())));
        Assert.AreEqual(1, refused.Attempts.Count);

        for (int i = 0; i < 40; i++)
        {
            await Run(FakeHandler.Replying(FakeReply.Ok())).WithTimeout();
        }

        FakeHandler again = FakeHandler.Throwing(Lost);
        Assert.AreEqual("ok", (await Finish(Run(again, Retry()))).Text);
    }

    [TestMethod]
    public async Task RunAsync_ChannelCannotConnect_TriesAgainWithoutTakingFromTheBudget()
    {
        int refusals = 2;
        Source.Refusal = () => refusals > 0 ? new TransportException(TransportError.ConnectFailed, "refused") : null;
        Task<FakeReply> call = Run(FakeHandler.Replying(FakeReply.Ok()), Retry());
        Clock.Advance(TimeSpan.FromMilliseconds(50));
        refusals = 0;

        Assert.AreEqual("ok", (await Finish(call)).Text);
        Assert.AreEqual(10, Runner.Budget.Tokens);
    }

    [TestMethod]
    [DataRow(TransportError.CircuitOpen)]
    [DataRow(TransportError.PoolExhausted)]
    [DataRow(TransportError.NoEndPoint)]
    [DataRow(TransportError.CertificateRejected)]
    public async Task RunAsync_ChannelHasNothingToGive_FailsAtOnce(TransportError error)
    {
        var refusal = new TransportException(error, "nothing") { RetryAfter = TimeSpan.FromSeconds(60) };
        Source.Refusal = () => refusal;

        Assert.AreSame(refusal, await Assert.ThrowsExactlyAsync<TransportException>(() => Run(FakeHandler.Replying(FakeReply.Ok()), Retry()).WithTimeout()));
    }

    [TestMethod]
    public async Task RunAsync_HandlerHasAFault_ReachesTheCallerAndIsNotRepeated()
    {
        FakeHandler handler = FakeHandler.Throwing(new InvalidOperationException("a fault"));

        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => Run(handler, Retry()).WithTimeout());

        Assert.AreEqual(1, handler.Attempts.Count);
        CollectionAssert.AreEqual((CallOutcome[])[CallOutcome.ApplicationFailure], Source.Outcomes);
    }

    [TestMethod]
    public async Task RunAsync_ResultKeepsTheLease_CompletesItWhenItEnds()
    {
        var stream = new FakeReply(new AttemptVerdict(CallOutcome.Success) { KeepsLease = true });
        FakeHandler handler = FakeHandler.Replying(stream);

        Assert.AreSame(stream, await Run(handler, Retry()).WithTimeout());

        Assert.AreEqual(1, Source.Lent);
        handler.Lease.Complete(CallOutcome.ServerFailure);
        CollectionAssert.AreEqual((CallOutcome[])[CallOutcome.ServerFailure], Source.Outcomes);
    }

    [TestMethod]
    public async Task RunAsync_FailureKeepsTheLeaseAndIsFollowed_CompletesIt()
    {
        var failed = new FakeReply(new AttemptVerdict(CallOutcome.ServerFailure) { KeepsLease = true });
        FakeHandler handler = FakeHandler.Replying(failed, FakeReply.Ok());

        Assert.AreEqual("ok", (await Finish(Run(handler, Retry()))).Text);
        CollectionAssert.AreEqual((CallOutcome[])[CallOutcome.ServerFailure, CallOutcome.Success], Source.Outcomes);
    }

    [TestMethod]
    public async Task RunAsync_AsDelegates_ClassifiesResultsAndExceptions()
    {
        int sent = 0;

        int result = await Finish(Runner.RunAsync<int>(
            Plan(Retry()),
            (_, _, _) => ++sent == 1 ? throw Lost : new ValueTask<int>(sent),
            (value, exception) => exception is not null ? AttemptVerdict.Of(exception) : new AttemptVerdict(value == 2 ? CallOutcome.ServerFailure : CallOutcome.Success)).AsTask());

        Assert.AreEqual(3, result);
    }

    [TestMethod]
    public void AllowsEarlyData_EachIdempotency_IsWhatRetryAllows()
    {
        Assert.IsFalse(new AttemptContext(1, AttemptKind.First, Idempotency.NonIdempotent, 0).AllowsEarlyData);
        Assert.IsTrue(new AttemptContext(1, AttemptKind.First, Idempotency.Idempotent, 0).AllowsEarlyData);
        Assert.IsTrue(new AttemptContext(1, AttemptKind.First, Idempotency.NoSideEffects, 0).AllowsEarlyData);
    }
}
