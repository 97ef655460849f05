using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>A server that stops lets running requests end, and is over as soon as they are: its limit is longer than a test waits.</summary>
[TestClass]
public sealed class ShutdownTests
{
    private const long NoError = 0x100;
    private const long RequestRejected = 0x10b;

    [TestMethod]
    public async Task Stop_WithAnIdleConnection_ClosesItWithoutAnError()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapGet("/", static () => "x"));
        await using Http3Peer peer = await site.ConnectAsync();
        await peer.GetAsync("/");

        await site.StopAsync().WithTimeout();

        Assert.AreEqual(NoError, (await peer.Connection.Closed.WithTimeout()).ApplicationErrorCode);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(5)]
    public async Task Stop_WithRunningRequests_EndsWhenTheLastOneDoes(int requests)
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var started = new SemaphoreSlim(0);
        await using MemorySite site = await MemorySite.StartAsync(application => application.MapGet("/wait", async context =>
        {
            started.Release();
            await release.Task;
            await context.Response.WriteAsync("finished");
        }));
        await using Http3Peer peer = await site.ConnectAsync();
        Http3Exchange[] exchanges = await Task.WhenAll(Enumerable.Range(0, requests).Select(_ => peer.BeginGetAsync("/wait")));
        for (int i = 0; i < requests; i++)
        {
            Assert.IsTrue(await started.WaitAsync(TestDeadline.Limit));
        }

        Task stopping = site.StopAsync();
        (long type, byte[] payload) = (await (await peer.Control).ReadFrameAsync())!.Value;
        Assert.AreEqual(Http3Bytes.GoAway, type);
        AssertRequestId([.. payload]);
        Http3Exchange late = await peer.BeginGetAsync("/wait");
        Assert.AreEqual(RequestRejected, await late.ReadResetAsync());
        Assert.IsFalse(stopping.IsCompleted);
        release.SetResult();

        foreach (Http3Exchange exchange in exchanges)
        {
            Assert.AreEqual("finished", (await exchange.ReadResponseAsync()).Text);
        }

        await stopping.WithTimeout();
        Assert.AreEqual(NoError, (await peer.Connection.Closed.WithTimeout()).ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Stop_WithAClientThatClosesOnGoAway_DoesNotCloseBeforeIt()
    {
        await using MemorySite site = await MemorySite.StartAsync(
            static application => application.MapGet("/", static () => "x"), static options => options.GracefulCloseDelay = TimeSpan.FromSeconds(1));
        await using Http3Peer peer = await site.ConnectAsync();
        await peer.GetAsync("/");

        Task stopping = site.StopAsync();
        (long type, _) = (await (await peer.Control).ReadFrameAsync())!.Value;
        Assert.AreEqual(Http3Bytes.GoAway, type);
        Assert.IsFalse(peer.Connection.Closed.IsCompleted);
        await peer.Connection.CloseAsync(NoError).AsTask().WithTimeout();

        // Time stands still: the delay cannot have ended it.
        await stopping.WithTimeout();
        Assert.AreEqual(CloseInitiator.Local, (await peer.Connection.Closed).Initiator);
    }

    [TestMethod]
    public async Task Stop_WithAClientThatIgnoresGoAway_ClosesAfterTheDelay()
    {
        await using MemorySite site = await MemorySite.StartAsync(
            static application => application.MapGet("/", static () => "x"), static options => options.GracefulCloseDelay = TimeSpan.FromSeconds(1));
        await using Http3Peer peer = await site.ConnectAsync();

        // A connection that asked for nothing has no other timer than the delay's and the drain timeout's.
        await peer.Control;
        Task stopping = site.StopAsync();
        await site.Time.WaitForTimersAsync(2).WithTimeout();
        site.Time.Advance(TimeSpan.FromSeconds(1));

        await stopping.WithTimeout();
        Assert.AreEqual(NoError, (await peer.Connection.Closed.WithTimeout()).ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Stop_WithARequestThatIsCancelledMeanwhile_EndsThen()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await MemorySite.StartAsync(application => application.MapGet("/wait", async context =>
        {
            started.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
        }));
        await using Http3Peer peer = await site.ConnectAsync();
        Http3Exchange exchange = await peer.BeginGetAsync("/wait");
        await started.Task.WithTimeout();
        Task stopping = site.StopAsync();
        await (await peer.Control).ReadFrameAsync();

        exchange.Stream.AbortRead(0x10c);

        await stopping.WithTimeout();
    }

    [TestMethod]
    public async Task Stop_WithoutPatience_CutsWhatRuns()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await MemorySite.StartAsync(application => application.MapGet("/wait", async context =>
        {
            started.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
        }));
        await using Http3Peer peer = await site.ConnectAsync();
        await peer.BeginGetAsync("/wait");
        await started.Task.WithTimeout();

        await site.StopAsync(new CancellationToken(canceled: true)).WithTimeout();

        Assert.AreEqual(CloseInitiator.Remote, (await peer.Connection.Closed.WithTimeout()).Initiator);
    }

    /// <summary>RFC 9114, section 5.2: clients answer GOAWAY with any other kind of id with H3_ID_ERROR.</summary>
    private static void AssertRequestId(List<byte> payload)
    {
        int position = 0;
        Assert.IsTrue(Http3Bytes.TryReadInteger(payload, ref position, out long id));
        Assert.AreEqual((1L << 62) - 4, id);
    }
}
