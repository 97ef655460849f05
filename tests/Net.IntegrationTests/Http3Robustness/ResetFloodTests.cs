using System.Buffers;
using Net.IntegrationTests.Ngtcp2;
using Net.Server;
using Net.Testing;
using Net.UnitTests.Kestrel;

namespace Net.IntegrationTests.Http3Robustness;

/// <summary>Requests that are given up as soon as they are made, by the thousand, and floods on the control stream.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ResetFloodTests
{
    private const long ExcessiveLoad = 0x107;
    private const long RequestCancelled = 0x10c;
    private const int Requests = 4000;
    private const int WarmUp = 1000;
    private const int Floods = 5;
    private const long MemoryTolerance = 16 << 20;
    private const long NativeTolerance = 4 << 20;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task RapidReset_OverTheLimit_EndsItsConnectionAndNoOther()
    {
        await using BesiegedSite site = await BesiegedSite.StartAsync(TestContext, transport: static t => t.Limits = new TransportLimits { MaxResetsPerSecond = 50 });
        for (int i = 0; i < Floods; i++)
        {
            await using Http3Peer peer = await site.ConnectAsync();

            await Assert.ThrowsExactlyAsync<TransportException>(() => ResetAsync(peer, int.MaxValue));

            ConnectionClose close = await peer.Connection.Closed.WithTimeout();
            Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
            Assert.AreEqual(ExcessiveLoad, close.ApplicationErrorCode);
            Assert.Contains("too many stream resets", close.Reason);
            await site.Honest.ServedAsync();
        }

        await site.QuietAsync();
    }

    [TestMethod]
    public async Task RapidReset_UnderTheLimit_LeavesNothingBehind()
    {
        await using BesiegedSite site = await BesiegedSite.StartAsync(TestContext, transport: static t => t.Limits = new TransportLimits { MaxResetsPerSecond = 1_000_000 });
        await using Http3Peer peer = await site.ConnectAsync();
        await ResetAsync(peer, WarmUp);
        Assert.AreEqual(BesiegedSite.Hello, await Outcome.GetAsync(peer));
        long managed = Memory.ManagedBytes();
        long native = ProcessResources.NativeBytes();

        await ResetAsync(peer, Requests);

        // Behind all of them, and served by the same connection.
        Assert.AreEqual(BesiegedSite.Hello, await Outcome.GetAsync(peer));
        await Waiting.Until(() => Memory.ManagedBytes() - managed < MemoryTolerance, "the heap is as it was");
        await Waiting.Until(() => ProcessResources.NativeBytes() - native < NativeTolerance, "native memory is as it was");
        Assert.IsFalse(peer.Connection.Closed.IsCompleted);
    }

    [TestMethod]
    public async Task GoAway_TenThousandTimes_EndsTheConnectionGracefully()
    {
        await using BesiegedSite site = await BesiegedSite.StartAsync(TestContext);
        await using TransportConnection connection = await site.ConnectPlainAsync();
        byte[] flood = [.. Enumerable.Repeat(Http3Bytes.Frame(Http3Bytes.GoAway, [0]), 10_000).SelectMany(static f => f)];

        await BesiegedSite.OpenControlAsync(connection, flood);

        Assert.AreEqual("closed 0x100", await Outcome.OfAsync(connection));
        await site.QuietAsync();
    }

    [TestMethod]
    public async Task StopSending_OnTheControlStream_EndsTheConnection()
    {
        await using BesiegedSite site = await BesiegedSite.StartAsync(TestContext);
        await using Http3Peer peer = await site.ConnectAsync();

        (await peer.Control).Stream.AbortRead(RequestCancelled);

        Assert.AreEqual("closed 0x104", await Outcome.OfAsync(peer.Connection));
        await site.QuietAsync();
    }

    private static async Task ResetAsync(Http3Peer peer, int count)
    {
        byte[] request = Http3Bytes.Request("GET", "/hello");
        for (int i = 0; i < count; i++)
        {
            TransportStream stream = await peer.Connection.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
            stream.Output.Write(request);
            if (i % 2 == 0)
            {
                await FlushAsync(stream);
            }
            else
            {
                await stream.Output.CompleteAsync();
            }

            stream.Abort(RequestCancelled);
            await stream.DisposeAsync();
        }
    }

    private static async Task FlushAsync(TransportStream stream)
    {
        try
        {
            await stream.Output.FlushAsync().WithTimeout();
        }
        catch (TransportException exception) when (exception.Error == TransportError.StreamReset)
        {
            // Answered already, so that the server wants no more of the request.
        }
    }
}
