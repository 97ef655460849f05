using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>How many streams a client may open, which Kestrel leaves to the transport.</summary>
[TestClass]
public sealed class StreamLimitTests
{
    [TestMethod]
    public async Task Requests_OverTheLimit_WaitUntilOthersAreOver()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MemorySite site = await MemorySite.StartAsync(
            application => application.MapGet("/wait", async context =>
            {
                await release.Task;
                await context.Response.WriteAsync("served");
            }),
            static options => options.Limits = TransportLimits.Default with { MaxInboundBidirectionalStreams = 2 });
        await using Http3Peer peer = await site.ConnectAsync();
        Http3Exchange[] first = [await peer.BeginGetAsync("/wait"), await peer.BeginGetAsync("/wait")];

        Assert.IsFalse(peer.Connection.TryOpenStream(StreamDirection.Bidirectional, Idempotency.NonIdempotent, out _));
        Task<Http3Exchange> third = peer.BeginGetAsync("/wait");
        Assert.IsFalse(third.IsCompleted);
        release.SetResult();

        foreach (Http3Exchange exchange in (Http3Exchange[])[.. first, await third.WithTimeout()])
        {
            Assert.AreEqual("served", (await exchange.ReadResponseAsync()).Text);
        }
    }

    [TestMethod]
    public async Task Limits_NotNamed_AreAHundredRequestsAndTenOtherStreams()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapGet("/", static () => "x"));
        await using TransportConnection connection = await site.ConnectAsync("h3");

        Assert.AreEqual(100, CountStreams(connection, StreamDirection.Bidirectional));
        Assert.AreEqual(10, CountStreams(connection, StreamDirection.Unidirectional));
    }

    private static int CountStreams(TransportConnection connection, StreamDirection direction)
    {
        int count = 0;
        while (connection.TryOpenStream(direction, Idempotency.NonIdempotent, out _))
        {
            count++;
        }

        return count;
    }
}
