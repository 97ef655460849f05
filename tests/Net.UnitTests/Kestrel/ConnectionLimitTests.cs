using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Net.Server;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>Kestrel's own limit of connections, <c>KestrelServerLimits.MaxConcurrentConnections</c>, over our transport.</summary>
[TestClass]
public sealed class ConnectionLimitTests
{
    private const long NoError = 0x100;

    [TestMethod]
    public async Task Connection_BeyondTheLimit_IsClosedAndTheOthersGoOn()
    {
        await using MemorySite site = await StartAsync(limit: 2);
        await using Http3Peer first = await site.ConnectAsync();
        await using Http3Peer second = await site.ConnectAsync();
        Assert.AreEqual("served", (await first.GetAsync("/")).Text);
        Assert.AreEqual("served", (await second.GetAsync("/")).Text);

        for (int i = 0; i < 3; i++)
        {
            await using TransportConnection beyond = await site.ConnectAsync("h3");
            ConnectionClose close = await beyond.Closed.WithTimeout();
            Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
            Assert.AreEqual(NoError, close.ApplicationErrorCode);
        }

        Assert.AreEqual("served", (await first.GetAsync("/")).Text);
        Assert.AreEqual("served", (await second.GetAsync("/")).Text);

        // Those that were refused take no place of ours either.
        await UntilAsync(() => site.Status.Connections.Count == 2, "what was refused is forgotten");
    }

    [TestMethod]
    public async Task Connection_BeyondTheLimit_LearnsThatNothingWasProcessed()
    {
        // The delay never passes: the test does not move the clock.
        await using MemorySite site = await StartAsync(limit: 1, static t => t.GracefulCloseDelay = TimeSpan.FromSeconds(10));
        await using Http3Peer first = await site.ConnectAsync();
        Assert.AreEqual("served", (await first.GetAsync("/")).Text);
        await using TransportConnection beyond = await site.ConnectAsync("h3");

        await using TransportStream control = await beyond.AcceptStreamAsync().WithTimeout();
        ReadResult read = await control.Input.ReadAtLeastAsync(6).AsTask().WithTimeout();

        // The stream's type, SETTINGS, GOAWAY with the identifier 0.
        CollectionAssert.AreEqual((byte[])[0, 4, 0, 7, 1, 0], read.Buffer.ToArray());
        Assert.IsFalse(beyond.Closed.IsCompleted, "It is the client's to close, which has read it.");
        await beyond.CloseAsync(NoError).WithTimeout();
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Place_OfAConnectionThatEnded_IsGivenAgain(bool byClient)
    {
        await using MemorySite site = await StartAsync(limit: 1);
        for (int i = 0; i < 5; i++)
        {
            // The server learns of the end of the one before a moment after it.
            Http3Peer peer = await ConnectUntilServedAsync(site);
            await using (peer)
            {
                if (!byClient)
                {
                    Http3Exchange exchange = await peer.BeginGetAsync("/abort");
                    await Assert.ThrowsAsync<TransportException>(() => exchange.ReadResponseAsync());
                    await peer.Connection.CloseAsync(NoError).WithTimeout();
                }
            }
        }
    }

    [TestMethod]
    public async Task Places_WhenTheServerStops_AreAllGivenBack()
    {
        MemorySite site = await StartAsync(limit: 2);
        await using (site)
        {
            await using Http3Peer first = await site.ConnectAsync();
            await using Http3Peer second = await site.ConnectAsync();
            await first.GetAsync("/");
            await second.GetAsync("/");
            await using TransportConnection beyond = await site.ConnectAsync("h3");
            await beyond.Closed.WithTimeout();

            await site.StopAsync().WithTimeout();

            Assert.AreEqual(NoError, (await first.Connection.Closed.WithTimeout()).ApplicationErrorCode);
            Assert.AreEqual(NoError, (await second.Connection.Closed.WithTimeout()).ApplicationErrorCode);
            Assert.IsEmpty(site.Status.Connections);
            Assert.IsEmpty(site.Status.EndPoints);
        }
    }

    private static Task<MemorySite> StartAsync(long limit, Action<NetTransportOptions>? transport = null) => MemorySite.StartAsync(
        static application =>
        {
            application.MapGet("/", static () => "served");
            application.MapGet("/abort", static context =>
            {
                context.Abort();
                return Task.CompletedTask;
            });
        },
        transport,
        server: options => options.Limits.MaxConcurrentConnections = limit);

    private static async Task<Http3Peer> ConnectUntilServedAsync(MemorySite site)
    {
        for (long started = TimeProvider.System.GetTimestamp(); ;)
        {
            TransportConnection connection = await site.ConnectAsync("h3");
            try
            {
                Http3Peer peer = await Http3Peer.StartAsync(connection);
                Assert.AreEqual("served", (await peer.GetAsync("/")).Text);
                return peer;
            }
            catch (TransportException)
            {
                await connection.DisposeAsync();
                Assert.IsLessThan(TestDeadline.Limit, TimeProvider.System.GetElapsedTime(started), "The place never came back.");
            }
        }
    }

    private static async Task UntilAsync(Func<bool> isSo, string awaited)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (!isSo())
        {
            Assert.IsLessThan(TestDeadline.Limit, TimeProvider.System.GetElapsedTime(started), awaited);
            await Task.Yield();
        }
    }
}
