using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>A peer that takes a response too slowly loses that stream, not its connection. Time is the test's.</summary>
[TestClass]
public sealed class ResponseRateTests
{
    private const long RequestCancelled = 0x10c;

    [TestMethod]
    public async Task Response_ThatThePeerDoesNotTake_IsResetAlone()
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await StartAsync(aborted, new MinDataRate(1_000_000, TimeSpan.FromSeconds(5)));
        await using Http3Peer peer = await site.ConnectAsync(limits: TransportLimits.Default with { StreamReceiveWindow = 16 << 10 });
        Http3Exchange slow = await peer.BeginGetAsync($"/large/{int.MaxValue}");
        await slow.ReadHeadersAsync();
        await site.Time.WaitForTimersAsync(1).WithTimeout();

        // The window of 16 KiB is full: nothing moves until the client reads.
        Http3Exchange other = await peer.BeginAsync("POST", "/echo");
        await other.SendDataAsync("still ");
        await AdvanceUntilAsync(site, aborted.Task);

        await other.SendDataAsync("here", end: true);
        Assert.AreEqual("still here", (await other.ReadResponseAsync()).Text);
        Assert.AreEqual(RequestCancelled, await slow.ReadResetAsync());
        Assert.IsFalse(peer.Connection.Closed.IsCompleted);
        Assert.IsTrue(site.Log.Entries.Any(static entry => entry.Id.Name == "ResponseTooSlow"));
    }

    [TestMethod]
    public async Task Response_ThatThePeerTakesInTime_IsWhole()
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await StartAsync(aborted, new MinDataRate(1_000_000, TimeSpan.FromSeconds(5)));
        await using Http3Peer peer = await site.ConnectAsync(limits: TransportLimits.Default with { StreamReceiveWindow = 16 << 10 });
        Http3Exchange exchange = await peer.BeginGetAsync("/large/128");

        long bytes = 0;
        await exchange.ReadHeadersAsync();
        while (await exchange.ReadFrameAsync() is (_, byte[] payload))
        {
            bytes += payload.Length;
            site.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.AreEqual(8L << 20, bytes);
        Assert.IsFalse(aborted.Task.IsCompleted);
    }

    [TestMethod]
    public async Task Response_WithoutABound_WaitsForAsLongAsThePeerLikes()
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await StartAsync(aborted, null);
        await using Http3Peer peer = await site.ConnectAsync(limits: TransportLimits.Default with { StreamReceiveWindow = 16 << 10 });
        Http3Exchange exchange = await peer.BeginGetAsync($"/large/{int.MaxValue}");
        await exchange.ReadHeadersAsync();

        site.Time.Advance(TimeSpan.FromHours(1));

        Assert.AreEqual(0, site.Time.ActiveTimers);
        exchange.Stream.Abort(RequestCancelled);
        await aborted.Task.WithTimeout();
    }

    [TestMethod]
    public async Task KestrelsOwnRate_ThatNobodySet_IsOffForHttp3AndOnForHttp11()
    {
        await using MemorySite site = await StartAsync(new TaskCompletionSource(), null);

        Assert.IsNull(site.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<KestrelServerOptions>>().Value.Limits.MinResponseDataRate);
    }

    [TestMethod]
    public async Task KestrelsOwnRate_ThatSomebodySet_Stays()
    {
        await using MemorySite site = await MemorySite.StartAsync(
            static application => application.MapGet("/", static () => "x"), server: static options => options.Limits.MinResponseDataRate = new MinDataRate(100, TimeSpan.FromSeconds(9)));

        Assert.AreEqual(100, site.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<KestrelServerOptions>>().Value.Limits.MinResponseDataRate!.BytesPerSecond);
    }

    private static Task<MemorySite> StartAsync(TaskCompletionSource aborted, MinDataRate? rate) => MemorySite.StartAsync(
        application =>
        {
            application.MapGet("/large/{pieces}", async (HttpContext context, int pieces) =>
            {
                byte[] piece = new byte[64 << 10];
                for (int i = 0; i < pieces && !context.RequestAborted.IsCancellationRequested; i++)
                {
                    await context.Response.Body.WriteAsync(piece);
                }

                // Not by registering with the token: Kestrel calls back some time after the token says that it is cancelled, and that is when this handler ends.
                if (context.RequestAborted.IsCancellationRequested)
                {
                    aborted.SetResult();
                }
            });
            application.MapPost("/echo", static context => context.Request.BodyReader.CopyToAsync(context.Response.BodyWriter));
        },
        options =>
        {
            options.MinResponseDataRate = rate;
            options.Limits = TransportLimits.Default with { StreamSendBuffer = 64 << 10 };
        });

    /// <summary>The look is once a second, each time armed anew; between two waits of the writer there is none, and time must not run on without it.</summary>
    private static async Task AdvanceUntilAsync(MemorySite site, Task done)
    {
        for (int i = 0; i < 30 && !done.IsCompleted; i++)
        {
            await Task.WhenAny(done, site.Time.WaitForTimersAsync(1)).WithTimeout();
            site.Time.Advance(TimeSpan.FromSeconds(1));
        }

        await done.WithTimeout();
    }
}
