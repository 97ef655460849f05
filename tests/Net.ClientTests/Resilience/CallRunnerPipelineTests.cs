using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;
using Polly;
using Polly.Retry;
using Polly.Simmy;

namespace Net.ClientTests.Resilience;

/// <summary>Strategies of Polly's around single attempts.</summary>
[TestClass]
public sealed class CallRunnerPipelineTests : CallRunnerTestBase
{
    [TestMethod]
    public async Task RunAsync_PipelineRefuses_CountsAsNotSentEvenForTheNonIdempotent()
    {
        int refusals = 1;
        CallPolicy policy = Retry() with
        {
            AttemptPipeline = Pipeline().AddChaosFault(new() { InjectionRate = 1, EnabledGenerator = _ => new ValueTask<bool>(refusals-- > 0), FaultGenerator = static _ => new ValueTask<Exception?>(new IOException("chaos")) }).Build(),
        };
        FakeHandler handler = FakeHandler.Replying(FakeReply.Ok());

        Assert.AreEqual("ok", (await Finish(Run(handler, policy, Idempotency.NonIdempotent))).Text);

        Assert.AreEqual(1, handler.Attempts.Count, "Only one attempt got through to be sent.");
        CollectionAssert.AreEqual((CallOutcome[])[CallOutcome.Cancelled, CallOutcome.Success], Source.Outcomes, "The end point has nothing to do with the refusal.");
    }

    [TestMethod]
    public async Task RunAsync_PipelineRefusesForGood_ReportsItsOwnException()
    {
        var chaos = new IOException("chaos");
        CallPolicy policy = new() { AttemptPipeline = Pipeline().AddChaosFault(1, () => chaos).Build() };

        Assert.AreSame(chaos, await Assert.ThrowsExactlyAsync<IOException>(() => Finish(Run(FakeHandler.Replying(FakeReply.Ok()), policy))));
    }

    [TestMethod]
    public async Task RunAsync_PipelineTimesOut_IsATimeoutOfTheAttempt()
    {
        CallPolicy policy = Retry() with { AttemptPipeline = Pipeline().AddTimeout(TimeSpan.FromSeconds(1)).Build() };
        var handler = new FakeHandler((attempt, token) => attempt.Number == 1 ? Hang(token) : new ValueTask<FakeReply>(FakeReply.Ok()));

        Assert.AreEqual("ok", (await Finish(Run(handler, policy))).Text);
        CollectionAssert.AreEqual((CallOutcome[])[CallOutcome.TimedOut, CallOutcome.Success], Source.Outcomes);
    }

    [TestMethod]
    public async Task RunAsync_PipelineSendsTwice_FailsAndSaysWhatToDo()
    {
        CallPolicy policy = new() { AttemptPipeline = Pipeline().AddRetry(new RetryStrategyOptions { Delay = TimeSpan.Zero, MaxRetryAttempts = 1 }).Build() };
        FakeHandler handler = FakeHandler.Throwing(Lost);

        InvalidOperationException thrown = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => Finish(Run(handler, policy)));

        StringAssert.Contains(thrown.Message, "CallPolicy.Retry");
        Assert.AreEqual(1, handler.Attempts.Count);
    }

    private ResiliencePipelineBuilder Pipeline() => new() { TimeProvider = Clock };
}
