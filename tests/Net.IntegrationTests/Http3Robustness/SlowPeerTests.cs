using Microsoft.AspNetCore.Server.Kestrel.Core;
using Net.IntegrationTests.Ngtcp2;
using Net.Testing;
using Net.UnitTests.Kestrel;

namespace Net.IntegrationTests.Http3Robustness;

/// <summary>Clients that send their request, or take their response, as slowly as they can. Each loses what it began; with a body, its whole connection.</summary>
[TestClass]
[DoNotParallelize]
public sealed class SlowPeerTests
{
    private const int Unread = 60;

    // Twice what one stream may buffer for sending, TransportLimits.StreamSendBuffer, and what its client may buffer of it.
    private const long MemoryPerResponse = 4 << 20;
    private const long MemoryTolerance = 24 << 20;
    private const long UnknownFrame = 0x21;
    private const long StreamCreationError = 0x103;
    private const string Rejected = "reset 0x10b";
    private const string Cancelled = "reset 0x10c";

    // Kestrel has one measure of bodies for the whole connection.
    private const string ClosedByKestrel = "closed 0x102";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private BesiegedSite _site = null!;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public async Task StartAsync() => _site = await BesiegedSite.StartAsync(
        TestContext,
        static limits =>
        {
            limits.RequestHeadersTimeout = TimeSpan.FromSeconds(1);
            limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(2));
        },
        static transport => transport.MinResponseDataRate = new MinDataRate(bytesPerSecond: 4 << 20, gracePeriod: TimeSpan.FromSeconds(2)));

    [TestCleanup]
    public async Task StopAsync()
    {
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }
    }

    [TestMethod]
    public async Task Requests_ThatComeTooSlowly_End()
    {
        string[] outcomes = await Task.WhenAll(
            SendSlowlyAsync("headers", trickles: true),
            SendSlowlyAsync("headers", trickles: false),
            SendSlowlyAsync("nothing", trickles: false),
            SendSlowlyAsync("unknown", trickles: true),
            SendSlowlyAsync("body", trickles: true),
            SendSlowlyAsync("body", trickles: false));

        TestContext.WriteLine(string.Join(", ", outcomes));
        CollectionAssert.AreEqual((string[])[Rejected, Rejected, Rejected, Rejected, ClosedByKestrel, ClosedByKestrel], outcomes);
    }

    [TestMethod]
    public async Task Responses_ThatNobodyTakes_AreResetAndTheConnectionServesOn()
    {
        long held = await LeaveResponsesAsync(1);
        TestContext.WriteLine($"{Unread} responses held {held >> 20} MiB at most, on both sides and with garbage.");
        Assert.IsLessThan(Unread * MemoryPerResponse, held);
        await _site.QuietAsync();

        // The engine keeps some blocks to use again, which the first round paid for.
        long before = Memory.ManagedBytes();
        await LeaveResponsesAsync(2);
        await _site.QuietAsync();
        await Waiting.Until(() => Memory.ManagedBytes() - before < MemoryTolerance, "the heap is as it was");
    }

    [TestMethod]
    public async Task UnidirectionalStream_WhoseTypeNeverComes_IsStopped()
    {
        await using Http3Peer peer = await _site.ConnectAsync();
        TransportStream stream = await peer.Connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();

        // The first of eight bytes.
        await stream.Output.WriteAsync((byte[])[0xc0]).WithTimeout();
        TransportException stopped = await Assert.ThrowsExactlyAsync<TransportException>(() => stream.SendCompletion.WithTimeout());

        Assert.AreEqual(StreamCreationError, stopped.ApplicationErrorCode);
        Assert.AreEqual(BesiegedSite.Hello, await Outcome.GetAsync(peer));
    }

    private async Task<long> LeaveResponsesAsync(int round)
    {
        long before = Memory.ManagedBytes();
        await using Http3Peer peer = await _site.ConnectAsync();
        Http3Exchange[] unread = await Task.WhenAll(Enumerable.Range(0, Unread).Select(_ => Outcome.BeginGetAsync(peer, "/endless")));

        // Nothing is read until the handlers know that their responses were given up.
        long held = 0;
        await Waiting.Until(
            () =>
            {
                held = Math.Max(held, GC.GetTotalMemory(forceFullCollection: false) - before);
                return _site.EndlessOver == round * Unread;
            },
            "the handlers end");
        foreach (Http3Exchange exchange in unread)
        {
            Assert.AreEqual(Cancelled, await Outcome.OfAsync(peer, exchange));
        }

        Assert.AreEqual(BesiegedSite.Hello, await Outcome.GetAsync(peer));
        return held;
    }

    /// <param name="part">What comes slowly.</param>
    /// <param name="trickles">Whether more of it comes, bit by bit, or nothing.</param>
    private async Task<string> SendSlowlyAsync(string part, bool trickles)
    {
        await using Http3Peer peer = await _site.ConnectAsync();
        Http3Exchange exchange = await peer.OpenAsync();
        byte[] whole = Http3Bytes.Request("POST", "/take", ("x-long", new string('v', 2000)));
        byte[] unknown = Http3Bytes.Frame(UnknownFrame, [1, 2, 3]);
        (byte[] begun, byte[] more) = part switch
        {
            "headers" => (whole[..100], "v"u8.ToArray()),
            "nothing" => ([0x40], []),
            "unknown" => (unknown, unknown),
            _ => (whole, Http3Bytes.Frame(Http3Bytes.Data, [1])),
        };
        await Outcome.SendAsync(exchange, begun);
        Task trickling = trickles ? Outcome.TrickleAsync(exchange.Stream, more, Pause) : Task.CompletedTask;
        string outcome = await Outcome.OfAsync(peer, exchange);
        await trickling.WithTimeout();
        return outcome;
    }
}
