using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resilience;

[TestClass]
public sealed class CallRunnerTimeoutTests : CallRunnerTestBase
{
    private static readonly TimeSpan Unwind = TimeSpan.FromMilliseconds(100);

    [TestMethod]
    public async Task RunAsync_CallTakesTooLong_EndsAtItsDeadline()
    {
        var handler = new FakeHandler((_, token) => Hang(token));
        Task<FakeReply> call = Run(handler, Retry() with { Timeouts = new() { PerCall = TimeSpan.FromSeconds(2) } });

        Clock.Advance(TimeSpan.FromMilliseconds(1999));
        Assert.IsFalse(call.IsCompleted);
        Clock.Advance(TimeSpan.FromMilliseconds(1));

        TransportException thrown = await Assert.ThrowsExactlyAsync<TransportException>(() => call.WithTimeout());
        Assert.AreEqual(TransportError.DeadlineExceeded, thrown.Error);
        StringAssert.Contains(thrown.Message, "TimeoutOptions.PerCall");
        Assert.IsFalse(thrown.IsSafeToRetry);
        CollectionAssert.AreEqual((CallOutcome[])[CallOutcome.TimedOut], Source.Outcomes);
    }

    [TestMethod]
    public async Task RunAsync_TokenKeptBeyondItsCall_IsNoOtherCalls()
    {
        CancellationToken kept = default;
        CallPolicy policy = Retry() with { Timeouts = new() { PerCall = TimeSpan.FromSeconds(2) } };
        await Run(new FakeHandler((_, token) => { kept = token; return new ValueTask<FakeReply>(FakeReply.Ok()); }), policy);

        Task<FakeReply> late = Run(new FakeHandler((_, token) => Hang(token)), policy);
        Clock.Advance(TimeSpan.FromSeconds(2));

        await Assert.ThrowsExactlyAsync<TransportException>(() => late.WithTimeout());
        Assert.IsTrue(kept.CanBeCanceled);
        Assert.IsFalse(kept.IsCancellationRequested);
    }

    [TestMethod]
    public async Task RunAsync_AnswerAtTheDeadline_IsJudgedByWhatTheHandlerSays()
    {
        CallPolicy policy = new() { Timeouts = new() { PerCall = TimeSpan.FromSeconds(2) } };
        var good = new TaskCompletionSource<FakeReply>();
        Task<FakeReply> call = Run(new FakeHandler((_, _) => new ValueTask<FakeReply>(good.Task)), policy);
        Clock.Advance(TimeSpan.FromSeconds(2));

        // Within the time that it has to unwind.
        good.SetResult(FakeReply.Ok());

        Assert.AreEqual("ok", (await call.WithTimeout()).Text);
        CollectionAssert.AreEqual((CallOutcome[])[CallOutcome.Success], Source.Outcomes);
    }

    [TestMethod]
    public async Task RunAsync_CallsOwnTimeout_TakesThePlaceOfThePolicys()
    {
        var handler = new FakeHandler((_, token) => Hang(token));
        Task<FakeReply> call = Runner.RunAsync(Plan(new() { Timeouts = new() }) with { Timeout = TimeSpan.FromSeconds(1) }, "x", handler).AsTask();

        Clock.Advance(TimeSpan.FromSeconds(1));

        StringAssert.Contains((await Assert.ThrowsExactlyAsync<TransportException>(() => call.WithTimeout())).Message, "CallPlan.Timeout");
    }

    [TestMethod]
    public async Task RunAsync_AttemptTakesTooLong_IsFollowedByAnotherUnderTheSameDeadline()
    {
        var handler = new FakeHandler((attempt, token) => attempt.Number < 3 ? Hang(token) : new ValueTask<FakeReply>(FakeReply.Ok()));

        FakeReply reply = await Finish(Run(handler, Retry() with { Timeouts = new() { PerCall = TimeSpan.FromSeconds(10), PerAttempt = TimeSpan.FromSeconds(1) } }));

        Assert.AreEqual("ok", reply.Text);
        Assert.AreEqual(TimeSpan.FromMilliseconds(2150), Clock.Elapsed);
        Assert.AreEqual(1, handler.Attempts.Select(static a => a.Deadline).Distinct().Count(), "All attempts share the deadline.");
        Assert.AreEqual(TimeSpan.FromSeconds(10).Ticks * 100, handler.Attempts[0].Deadline);
        Assert.IsTrue(Source.Requests.All(r => r.Deadline == handler.Attempts[0].Deadline));
    }

    [TestMethod]
    public async Task RunAsync_AttemptOfTheNonIdempotentTakesTooLong_EndsTheCall()
    {
        var handler = new FakeHandler((_, token) => Hang(token));

        TransportException thrown = await Assert.ThrowsExactlyAsync<TransportException>(
            () => Finish(Run(handler, Retry() with { Timeouts = new() { PerAttempt = TimeSpan.FromSeconds(1) } }, Idempotency.NonIdempotent)));

        StringAssert.Contains(thrown.Message, "TimeoutOptions.PerAttempt");
        Assert.AreEqual(1, handler.Attempts.Count);
    }

    [TestMethod]
    public async Task RunAsync_PauseWouldOutlastTheDeadline_ReportsTheFailureAtOnce()
    {
        FakeHandler handler = FakeHandler.Throwing(Lost);

        Task<FakeReply> call = Run(handler, Retry() with { Timeouts = new() { PerCall = TimeSpan.FromMilliseconds(50) } });

        Assert.AreSame(Lost, await Assert.ThrowsExactlyAsync<TransportException>(() => call.WithTimeout()));
        Assert.AreEqual(TimeSpan.Zero, Clock.Elapsed);
    }

    [TestMethod]
    public async Task RunAsync_AttemptIgnoresItsToken_IsLeftBehindAndItsLateAnswerDiscarded()
    {
        var late = new TaskCompletionSource<FakeReply>();
        var handler = new FakeHandler((_, _) => new ValueTask<FakeReply>(late.Task));
        Task<FakeReply> call = Run(handler, new() { Timeouts = new() { PerCall = TimeSpan.FromSeconds(1) } });

        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsFalse(call.IsCompleted, "It may still unwind.");
        Clock.Advance(Unwind);

        Assert.AreEqual(TransportError.DeadlineExceeded, (await Assert.ThrowsExactlyAsync<TransportException>(() => call.WithTimeout())).Error);
        Assert.AreEqual(0, Source.Lent, "The lease does not wait for it.");
        FakeReply answer = FakeReply.Ok();
        late.SetResult(answer);
        Assert.AreEqual(1, answer.Disposed);
    }

    [TestMethod]
    public async Task RunAsync_AnswerComesAsTheDeadlinePasses_Counts()
    {
        var late = new TaskCompletionSource<FakeReply>();
        var handler = new FakeHandler((_, _) => new ValueTask<FakeReply>(late.Task));
        Task<FakeReply> call = Run(handler, new() { Timeouts = new() { PerCall = TimeSpan.FromSeconds(1) } });

        Clock.Advance(TimeSpan.FromSeconds(1));
        late.SetResult(FakeReply.Ok("just in time"));

        Assert.AreEqual("just in time", (await call.WithTimeout()).Text);
    }

    [TestMethod]
    public async Task RunAsync_NoConnectionBeforeTheDeadline_IsSafeToRetry()
    {
        Source.Waits = true;
        Task<FakeReply> call = Run(FakeHandler.Replying(FakeReply.Ok()), new() { Timeouts = new() { PerCall = TimeSpan.FromSeconds(1) } });

        Clock.Advance(TimeSpan.FromSeconds(1));

        TransportException thrown = await Assert.ThrowsExactlyAsync<TransportException>(() => call.WithTimeout());
        Assert.AreEqual((TransportError.DeadlineExceeded, true), (thrown.Error, thrown.IsSafeToRetry));
    }

    [TestMethod]
    public async Task RunAsync_CancelledBefore_SendsNothing()
    {
        FakeHandler handler = FakeHandler.Replying(FakeReply.Ok());

        await Assert.ThrowsExactlyAsync<TaskCanceledException>(() => Run(handler, cancellationToken: new CancellationToken(true)).WithTimeout());

        Assert.AreEqual(0, handler.Attempts.Count);
    }

    [TestMethod]
    [DataRow("plain")]
    [DataRow("timeout")]
    [DataRow("attempt timeout")]
    [DataRow("hedged")]
    [DataRow("waiting")]
    [DataRow("pause")]
    public async Task RunAsync_CancelledOnTheWay_ThrowsTheCallersTokenAndLeavesNothing(string where)
    {
        using var caller = new CancellationTokenSource();
        CallPolicy policy = where switch
        {
            "timeout" => Retry() with { Timeouts = new() },
            "attempt timeout" => Retry() with { Timeouts = new() { PerAttempt = TimeSpan.FromSeconds(5) } },
            "hedged" => new() { Hedging = new() { MaxAttempts = 3 } },
            _ => Retry(),
        };
        Source.Waits = where == "waiting";
        FakeHandler handler = where == "pause" ? FakeHandler.Throwing(Lost, Lost) : new((_, token) => Hang(token));
        Task<FakeReply> call = Run(handler, policy, cancellationToken: caller.Token);
        Clock.Advance(TimeSpan.FromMilliseconds(where == "hedged" ? 150 : 10));

        caller.Cancel();

        OperationCanceledException thrown = await Assert.ThrowsAsync<OperationCanceledException>(() => call.WithTimeout());
        Assert.AreEqual(caller.Token, thrown.CancellationToken);
        Assert.IsTrue(Source.Outcomes.All(o => o == (where == "pause" ? CallOutcome.TransportFailure : CallOutcome.Cancelled)));
        Assert.AreEqual(where == "waiting" ? 0 : where == "hedged" ? 2 : 1, Source.Outcomes.Count);
    }

    [TestMethod]
    public async Task RunAsync_CancelledAtRandomMoments_LeavesNothing()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int cancelled = 0;
        for (int i = 0; i < 2000; i++)
        {
            using var caller = new CancellationTokenSource();
            var handler = new FakeHandler((_, token) => random.Next(3) switch
            {
                0 => After(random.Next(300), FakeReply.Of(CallOutcome.ServerFailure), token),
                1 => After(random.Next(300), FakeReply.Ok(), token),
                _ => Hang(token),
            });
            CallPolicy policy = (random.Next(4) switch
            {
                0 => CallPolicy.None,
                1 => new CallPolicy { Hedging = new() { MaxAttempts = 3 } },
                _ => Retry(5),
            }) with { Timeouts = random.Next(2) == 0 ? null : new() { PerAttempt = TimeSpan.FromMilliseconds(200) } };
            Task<FakeReply> call = Run(handler, policy, cancellationToken: caller.Token);
            Clock.Advance(TimeSpan.FromMilliseconds(random.Next(400)));
            caller.Cancel();
            try
            {
                await call.WithTimeout();
            }
            catch (OperationCanceledException exception)
            {
                Assert.AreEqual(caller.Token, exception.CancellationToken);
                cancelled++;
            }
            catch (TransportException)
            {
            }

            await NothingIsLeftAsync($"call {i}");
        }

        TestContext.WriteLine($"{cancelled} of 2000 cancelled");
        Assert.IsTrue(cancelled > 200);
    }
}
