using System.Diagnostics;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resilience;

[TestClass]
public sealed class CallRunnerFallbackTests : CallRunnerTestBase
{
    private static readonly ChannelProtocol Http2 = new FakeLeaseSource.FakeProtocol("h2");

    [TestMethod]
    public async Task RunAsync_AllAttemptsFail_GoesThroughTheStepsInOrder()
    {
        var other = new FakeLeaseSource(Clock);
        List<FallbackContext> asked = [];
        CallPolicy policy = Chain(
            FallbackStep.ToProtocol(Http2), FallbackStep.ToChannel("backup", other),
            FallbackStep.Answer("stale", (context, _) => { asked.Add(context); return new ValueTask<FakeReply>(FakeReply.Ok("stale")); }));
        FakeHandler handler = FakeHandler.Throwing(Lost, Lost, Lost, Lost);

        Assert.AreEqual("stale", (await Finish(Run(handler, policy))).Text);

        CollectionAssert.AreEqual((ChannelProtocol[])[FakeLeaseSource.Protocol, Http2], Source.Asked);
        CollectionAssert.AreEqual((ChannelProtocol[])[FakeLeaseSource.Protocol], other.Asked);
        Assert.AreNotEqual(Source.Picks[0], Source.Picks[1], "The other protocol's attempt avoids the end point that failed.");
        Assert.AreEqual(new FallbackContext("/test.Service/Do", CallOutcome.TransportFailure, Lost, 3), asked.Single());
        Assert.AreEqual(0, other.Lent);
        CollectionAssert.AreEqual((AttemptKind[])[AttemptKind.First, AttemptKind.Fallback, AttemptKind.Fallback], handler.Attempts.Select(static a => a.Kind).ToArray());
    }

    [TestMethod]
    public async Task RunAsync_FirstStepSucceeds_StopsThere()
    {
        FakeReply failed = FakeReply.Of(CallOutcome.ServerFailure);
        FakeHandler handler = FakeHandler.Replying(failed, FakeReply.Ok());

        Assert.AreEqual("ok", (await Finish(Run(handler, Chain(FallbackStep.ToProtocol(Http2), Static("never"))))).Text);
        Assert.AreEqual(1, failed.Disposed);
    }

    [TestMethod]
    public async Task RunAsync_NonIdempotentMayHaveBeenExecuted_OnlyAnAnswerIsLeft()
    {
        FakeHandler handler = FakeHandler.Throwing(Lost);

        Assert.AreEqual("static", (await Finish(Run(handler, Chain(FallbackStep.ToProtocol(Http2), Static("static")), Idempotency.NonIdempotent))).Text);
        Assert.AreEqual(1, handler.Attempts.Count);
    }

    [TestMethod]
    public async Task RunAsync_ChannelIsCutOff_GoesToTheOtherChannelEvenIfNonIdempotent()
    {
        var other = new FakeLeaseSource(Clock);
        Source.Refusal = static () => new TransportException(TransportError.CircuitOpen, "cut off");

        Assert.AreEqual("ok", (await Finish(Run(FakeHandler.Replying(FakeReply.Ok()), Chain(FallbackStep.ToChannel("backup", other)), Idempotency.NonIdempotent))).Text);
    }

    [TestMethod]
    public async Task RunAsync_DeadlinePassed_OnlyAnAnswerIsLeft()
    {
        var handler = new FakeHandler((_, token) => Hang(token));
        Task<FakeReply> call = Run(handler, Chain(FallbackStep.ToProtocol(Http2), Static("stale")) with { Timeouts = new() { PerCall = TimeSpan.FromSeconds(1) } });
        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.AreEqual("stale", (await call.WithTimeout()).Text);
        Assert.AreEqual(1, handler.Attempts.Count);
    }

    [TestMethod]
    public async Task RunAsync_CallersOwnMistake_HasNoFallback()
    {
        Assert.AreEqual("ApplicationFailure", (await Run(FakeHandler.Replying(FakeReply.Of(CallOutcome.ApplicationFailure)), Chain(Static("never"))).WithTimeout()).Text);
    }

    [TestMethod]
    public async Task RunAsync_StepHasNoAnswer_ReportsTheFailureThatLedThere()
    {
        CallPolicy policy = Chain(FallbackStep.Answer<FakeReply>("stale", static (_, _) => throw new TransportException(TransportError.NoEndPoint, "nothing kept")));

        Assert.AreSame(Lost, await Assert.ThrowsExactlyAsync<TransportException>(() => Finish(Run(FakeHandler.Throwing(Lost), policy))));
    }

    [TestMethod]
    public async Task RunAsync_AnswerOfAnotherType_SaysSo()
    {
        CallPolicy policy = Chain(FallbackStep.Answer("stale", static (_, _) => new ValueTask<string>("text")));

        InvalidOperationException thrown = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => Finish(Run(FakeHandler.Throwing(Lost), policy)));

        StringAssert.Contains(thrown.Message, "FallbackStep.Answer<FakeReply>");
        Assert.AreSame(Lost, thrown.InnerException);
    }

    [TestMethod]
    public async Task RunAsync_Traced_ShowsAttemptsAndFallbackInSpans()
    {
        List<Activity> attempts = [];
        using var own = new ActivitySource("Net.ClientTests." + nameof(RunAsync_Traced_ShowsAttemptsAndFallbackInSpans));
        Activity? caller = null;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ClientDiagnostics.SourceName || source == own,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                // Other tests run at the same time and are traced, too.
                if (activity.OperationName == "transport.attempt" && activity.TraceId == caller?.TraceId)
                {
                    attempts.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        CallPolicy policy = Retry(2) with { Fallback = new() { Steps = [FallbackStep.ToProtocol(Http2), Static("static")] } };
        using (caller = own.StartActivity("call"))
        {
            Assert.AreEqual("static", (await Finish(Run(FakeHandler.Throwing([.. Enumerable.Repeat(Lost, 9)]), policy))).Text);
        }

        Assert.AreEqual(" , 2 retry, 3 fallback, 4 retry", string.Join(", ", attempts.Select(static a => $"{a.GetTagItem("transport.attempt.number")} {a.GetTagItem("transport.attempt.kind")}")));
        Activity first = attempts[0];
        Assert.AreEqual("e", first.GetTagItem("server.address"));
        Assert.AreEqual("transport_failure", first.GetTagItem("transport.outcome"));
        Assert.AreEqual("ConnectionLost", first.GetTagItem("error.type"));
        Assert.AreEqual(ActivityStatusCode.Error, first.Status);
        Assert.AreEqual("h2", attempts[2].GetTagItem("transport.fallback"));
        Assert.AreEqual("static", caller!.GetTagItem("transport.fallback"));
        CollectionAssert.AreEqual((string[])["h2", "static"], caller.Events.Select(static e => (string)e.Tags.First(static t => t.Key == "transport.fallback").Value!).ToArray());
    }

    [TestMethod]
    public async Task RunAsync_TracedAndAnsweredAtOnce_ShowsOneAttemptAndLeavesTheCallersSpanCurrent()
    {
        List<Activity> attempts = [];
        using var own = new ActivitySource("Net.ClientTests." + nameof(RunAsync_TracedAndAnsweredAtOnce_ShowsOneAttemptAndLeavesTheCallersSpanCurrent));
        Activity? caller = null;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ClientDiagnostics.SourceName || source == own,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (activity.OperationName == "transport.attempt" && activity.TraceId == caller?.TraceId)
                {
                    attempts.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using (caller = own.StartActivity("call"))
        {
            Task<FakeReply> call = Runner.RunAsync(Plan(Retry()), "x", FakeHandler.Replying(FakeReply.Ok())).AsTask();
            Assert.AreSame(caller, Activity.Current);
            Assert.AreEqual("ok", (await call).Text);
        }

        Activity attempt = attempts.Single();
        Assert.AreEqual(caller!.SpanId, attempt.ParentSpanId);
        Assert.AreEqual("   e", $"{attempt.GetTagItem("transport.attempt.number")} {attempt.GetTagItem("transport.attempt.kind")} {attempt.GetTagItem("transport.outcome")} {attempt.GetTagItem("server.address")}");
    }

    [TestMethod]
    public async Task RunAsync_Explained_NotesEachAttempt()
    {
        var trace = new CallTrace();
        using var caller = new Activity("caller") { IsAllDataRequested = true };
        caller.Start();

        await Finish(Runner.RunAsync(Plan(Retry()) with { Trace = trace }, "x", FakeHandler.Throwing(Lost)).AsTask());

        CollectionAssert.AreEqual(trace.Steps.Select(static s => s.ToString()).ToArray(), (string[])caller.GetTagItem("transport.pool.explain")!);
        CollectionAssert.AreEqual(
            (string[])["1 (first) sent", $"1 ended: transport_failure, {Lost.Message}", "2 (retry) sent", "2 ended: success"],
            trace.Steps.Where(static s => s.Kind == CallTraceStepKind.Attempt).Select(static s => s.Detail).ToArray());
    }

    private static FallbackStep Static(string text) => FallbackStep.Answer(text, (_, _) => new ValueTask<FakeReply>(FakeReply.Ok(text)));

    private static CallPolicy Chain(params FallbackStep[] steps) => new() { Fallback = new() { Steps = steps } };
}
