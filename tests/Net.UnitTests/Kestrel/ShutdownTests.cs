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
        (long type, _) = (await (await peer.Control).ReadFrameAsync())!.Value;
        Assert.AreEqual(Http3Bytes.GoAway, type);
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
}
