using Net.Client;
using Net.Server;
using Net.Testing;

namespace Net.UnitTests.Server;

[TestClass]
public sealed class ShutdownTests
{
    [TestMethod]
    public async Task StopAsync_ConnectionWithoutStreams_IsClosedAtOnceWithGoingAway()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("echo", new EchoHandler()));
        await EchoAsync(fixture.Client, "warm");

        Assert.IsTrue(await fixture.Server.StopAsync(TimeSpan.FromSeconds(30)).WithTimeout());

        ConnectionClose close = await fixture.Connection.Closed.WithTimeout();
        Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
        Assert.AreEqual(RawStreamErrorCodes.GoingAway, close.ApplicationErrorCode);
        Assert.AreEqual(0, fixture.Server.ConnectionCount);
    }

    [TestMethod]
    public async Task StopAsync_RunningStream_EndsByItselfAndLosesNothing()
    {
        var watch = new DrainWatch();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("echo", watch));
        await using RawStream running = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();
        await running.SendAsync("before");
        Assert.AreEqual("before", await running.ReceiveAsync(6));

        Task<bool> stopping = fixture.Server.StopAsync(TimeSpan.FromSeconds(30));
        await watch.Seen;
        await RefusedWhileDrainingAsync(fixture.Client);
        Assert.IsFalse(stopping.IsCompleted);
        await running.SendAsync("after");
        await running.Output.CompleteAsync();

        Assert.AreEqual("after", await running.ReceiveAllAsync());
        Assert.IsTrue(await stopping.WithTimeout());
        Assert.AreEqual(RawStreamErrorCodes.GoingAway, (await fixture.Connection.Closed.WithTimeout()).ApplicationErrorCode);
    }

    [TestMethod]
    public async Task StopAsync_StreamThatHasNotReachedTheServerYet_IsKnownToBeUnprocessed()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("echo", new EchoHandler()));
        await EchoAsync(fixture.Client, "warm");

        // Nothing is sent of a stream before it is written to or read from.
        await using RawStream late = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();
        Assert.IsTrue(await fixture.Server.StopAsync(TimeSpan.FromSeconds(30)).WithTimeout());
        await fixture.Connection.Closed.WithTimeout();

        TransportException exception = await late.FailsAsync();
        Assert.AreEqual(RawStreamErrorCodes.GoingAway, exception.ApplicationErrorCode);
        Assert.IsTrue(exception.IsSafeToRetry);
    }

    [TestMethod]
    public async Task StopAsync_AfterAStreamThatAHandlerResetItself_ProvesNothing()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b
            .MapStream("echo", new EchoHandler())
            .MapStream("bad", static _ => throw new InvalidOperationException("on purpose")));
        await EchoAsync(fixture.Client, "warm");
        await using RawStream bad = await fixture.Client.OpenAsync("bad").AsTask().WithTimeout();
        await bad.FailsAsync();

        await using RawStream late = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();
        Assert.IsTrue(await fixture.Server.StopAsync(TimeSpan.FromSeconds(30)).WithTimeout());

        Assert.AreEqual(RawStreamErrorCodes.NoError, (await fixture.Connection.Closed.WithTimeout()).ApplicationErrorCode);
        Assert.IsFalse((await late.FailsAsync()).IsSafeToRetry);
    }

    [TestMethod]
    public async Task StopAsync_StreamThatDoesNotEnd_IsCutWhenTheTimeIsOver()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("echo", new EchoHandler()));
        await using RawStream running = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();
        await running.SendAsync("x");
        await running.ReceiveAsync(1);

        Task<bool> stopping = fixture.Server.StopAsync(TimeSpan.FromSeconds(5));
        await fixture.Time.WaitForTimersAsync(1).WithTimeout();
        fixture.Time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.IsFalse(stopping.IsCompleted);
        fixture.Time.Advance(TimeSpan.FromSeconds(0.1));

        TransportException exception = await running.FailsAsync();
        Assert.AreEqual(RawStreamErrorCodes.ShuttingDown, exception.ApplicationErrorCode);
        Assert.IsFalse(exception.IsSafeToRetry);
        Assert.IsFalse(await stopping.WithTimeout());
    }

    [TestMethod]
    public async Task StopAsync_TokenCancelled_CutsAtOnce()
    {
        var watch = new DrainWatch();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("echo", watch));
        await using RawStream running = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();
        await running.SendAsync("x");
        await running.ReceiveAsync(1);
        using var hurry = new CancellationTokenSource();

        Task<bool> stopping = fixture.Server.StopAsync(Timeout.InfiniteTimeSpan, hurry.Token);
        await watch.Seen;
        await RefusedWhileDrainingAsync(fixture.Client);
        await hurry.CancelAsync();

        Assert.IsFalse(await stopping.WithTimeout());
        Assert.AreEqual(RawStreamErrorCodes.ShuttingDown, (await fixture.Connection.Closed.WithTimeout()).ApplicationErrorCode);
        Assert.AreEqual(
            "Stopping: 1 connections are open; running streams have no limit of time to end.", fixture.Log.Entries.Single(static e => e.Id.Name == "Stopping").Message);
    }

    [TestMethod]
    public async Task StopAsync_HandlerThatNeverEnds_IsLeftAfterItsLimitAndReported()
    {
        var never = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b
            .MapStream("stuck", _ =>
            {
                entered.SetResult();
                return never.Task;
            })
            .UseOptions(new NetServerOptions { AbortTimeout = TimeSpan.FromSeconds(2) }));
        await using RawStream running = await fixture.Client.OpenAsync("stuck").AsTask().WithTimeout();
        await running.SendAsync("x");
        await entered.Task.WithTimeout();

        Task<bool> stopping = fixture.Server.StopAsync(TimeSpan.Zero);
        await fixture.Time.WaitForTimersAsync(1).WithTimeout();
        fixture.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.IsFalse(await stopping.WithTimeout());
        Assert.ContainsSingle(static entry => entry.Id.Id == 5022, fixture.Log.Entries);
        never.SetResult();
    }

    [TestMethod]
    public async Task StopAsync_CalledTwice_JoinsTheFirstAndNothingListensAfterwards()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("echo", new EchoHandler()));

        Task<bool> first = fixture.Server.StopAsync(TimeSpan.FromSeconds(30));
        Task<bool> second = fixture.Server.StopAsync(TimeSpan.Zero);

        Assert.AreSame(first, second);
        await first.WithTimeout();
        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(() => fixture.ConnectAsync(RawStreamProtocol.ApplicationProtocol));
        Assert.AreEqual(TransportError.ConnectFailed, exception.Error);
    }

    private static async Task EchoAsync(RawStreamClient client, string text)
    {
        await using RawStream stream = await client.OpenAsync("echo").AsTask().WithTimeout();
        await stream.SendAsync(text);
        await stream.Output.CompleteAsync();
        Assert.AreEqual(text, await stream.ReceiveAllAsync());
        await stream.Transport.Completion.WithTimeout();
    }

    /// <summary>Opens a stream after the server has begun to drain.</summary>
    private static async Task RefusedWhileDrainingAsync(RawStreamClient client)
    {
        await using RawStream stream = await client.OpenAsync("echo").AsTask().WithTimeout();
        await stream.SendAsync("x");
        TransportException exception = await stream.FailsAsync();
        Assert.AreEqual(RawStreamErrorCodes.GoingAway, exception.ApplicationErrorCode);
        Assert.IsTrue(exception.IsSafeToRetry);
    }

    /// <summary>Echoes, and tells when its streams learn that the server is about to end.</summary>
    private sealed class DrainWatch : IRawStreamHandler
    {
        private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task Seen => _seen.Task.WithTimeout();

        public async Task HandleAsync(RawStreamContext context)
        {
            using CancellationTokenRegistration watch = context.Draining.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), _seen);
            await new EchoHandler().HandleAsync(context);
        }
    }
}
