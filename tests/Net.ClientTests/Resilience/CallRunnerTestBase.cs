using System.Diagnostics;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resilience;

/// <summary>A runner on a channel that lends at once, under a clock that stands still. After each test nothing may be lent and no timer armed.</summary>
public abstract class CallRunnerTestBase
{
    private protected static readonly TransportException Lost = new(TransportError.ConnectionLost, "The connection was lost.");
    private protected static readonly TransportException Unprocessed = new(TransportError.StreamReset, "H3_REQUEST_REJECTED") { IsSafeToRetry = true };

    private protected ManualTimeProvider Clock { get; } = new();

    private protected FakeLeaseSource Source { get; private set; } = null!;

    private protected CallRunner Runner { get; private set; } = null!;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public void Start()
    {
        Source = new FakeLeaseSource(Clock);
        Runner = new CallRunner(Source, new() { Random = new HalfRandom() });
    }

    [TestCleanup]
    public Task NothingIsLeft() => NothingIsLeftAsync("at the end");

    /// <summary>A call's result comes before the last of its cleaning up, which may be on its way on another thread.</summary>
    private protected async Task NothingIsLeftAsync(string when)
    {
        long started = Stopwatch.GetTimestamp();
        while ((Source.Lent != 0 || Clock.ActiveTimers != 0) && Stopwatch.GetElapsedTime(started) < TestDeadline.Limit)
        {
            await Task.Yield();
        }

        Assert.AreEqual(0, Source.Lent, $"A lease was not completed, {when}.");
        Assert.AreEqual(0, Clock.ActiveTimers, $"A timer is armed, {when}.");
    }

    private protected static CallPlan Plan(CallPolicy? policy = null, Idempotency idempotency = Idempotency.Idempotent) =>
        new(FakeLeaseSource.Protocol, "/test.Service/Do") { Policy = policy, Idempotency = idempotency };

    private protected static CallPolicy Retry(int attempts = 3) => new() { Retry = new() { MaxAttempts = attempts } };

    private protected Task<FakeReply> Run(FakeHandler handler, CallPolicy? policy = null, Idempotency idempotency = Idempotency.Idempotent, CancellationToken cancellationToken = default) =>
        Runner.RunAsync(Plan(policy, idempotency), "x", handler, cancellationToken).AsTask();

    /// <summary>Moves the clock from timer to timer until a call is over.</summary>
    private protected async Task<T> Finish<T>(Task<T> call)
    {
        while (!call.IsCompleted)
        {
            await Task.WhenAny(call, Clock.WaitForTimersAsync(1)).WithTimeout();
            if (!call.IsCompleted)
            {
                Clock.AdvanceToNextTimer();
            }
        }

        return await call.WithTimeout();
    }

    /// <summary>An attempt that ends when its token fires, and then only.</summary>
    private protected static async ValueTask<FakeReply> Hang(CancellationToken token)
    {
        // Not Task.Delay, which ends on another thread when it is cancelled, while the clock may go on.
        var end = new TaskCompletionSource();
        using (token.UnsafeRegister(static state => ((TaskCompletionSource)state!).SetCanceled(), end))
        {
            await end.Task;
            return FakeReply.Ok();
        }
    }

    /// <summary>An attempt that answers after a while, unless its token fires before.</summary>
    private protected async ValueTask<FakeReply> After(int milliseconds, FakeReply reply, CancellationToken token)
    {
        var end = new TaskCompletionSource();
        using (token.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetCanceled(), end))
        using (Clock.CreateTimer(static state => ((TaskCompletionSource)state!).TrySetResult(), end, TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan))
        {
            await end.Task;
            return reply;
        }
    }

    /// <summary>Draws the middle of every range.</summary>
    private sealed class HalfRandom : Random
    {
        public override double NextDouble() => 0.5;
    }
}
