using System.Text;
using Net.IntegrationTests.Ngtcp2;
using Net.Testing;
using Net.UnitTests.Kestrel;

namespace Net.IntegrationTests.Http3Robustness;

/// <summary>Header sections that are too many, too large or never over, and frames that nobody knows.</summary>
[TestClass]
[DoNotParallelize]
public sealed class HeaderFloodTests
{
    private const int Requests = 240;
    private const int Together = 12;
    private const int Flood = 8 << 20;
    private const long UnknownFrame = 0x21;
    private const long Endless = 1L << 40;
    private const long MemoryTolerance = 24 << 20;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("fields", "reset 0x10e", DisplayName = "5,000 small fields")]
    [DataRow("section", "reset 0x10b", DisplayName = "a section over the limit, of fields under it")]
    [DataRow("value", "reset 0x102", DisplayName = "one value of a megabyte")]
    [DataRow("references", "reset 0x10e", DisplayName = "a megabyte of references to the static table, which would be thirty")]
    public async Task HeaderSection_OverALimit_IsRefusedAndCostsNothing(string kind, string expected)
    {
        // What still comes for refused streams is no progress, and a quick machine sends more of it in a second than the transport would stand.
        await using BesiegedSite site = await BesiegedSite.StartAsync(
            TestContext, transport: static t => t.Limits = t.Limits with { MaxIdleDatagramsPerSecond = 10_000_000 });
        byte[] request = Http3Bytes.Frame(Http3Bytes.Headers, [.. Fields(), .. Excess(kind)]);
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        await AskAsync(site, request, Together, outcomes);
        await site.QuietAsync();
        long before = Memory.ManagedBytes();

        await AskAsync(site, request, Requests, outcomes);

        await site.QuietAsync();
        TestContext.WriteLine($"{string.Join(", ", outcomes.Select(static o => $"{o.Key}: {o.Value}"))}; the heap grew by {Memory.ManagedBytes() - before} bytes.");
        Assert.AreEqual(expected, string.Join(", ", outcomes.Keys));
        await Waiting.Until(() => Memory.ManagedBytes() - before < MemoryTolerance, "the heap is as it was");
    }

    [TestMethod]
    [DataRow("fields", "reset 0x10e", DisplayName = "of small fields")]
    [DataRow("references", "reset 0x10e", DisplayName = "of references to the static table")]
    [DataRow("name", "reset 0x102", DisplayName = "of one name")]
    public async Task HeaderSection_ThatIsNeverOver_IsRefusedAtTheLimit(string kind, string expected)
    {
        await using BesiegedSite site = await BesiegedSite.StartAsync(TestContext);
        await using Http3Peer peer = await site.ConnectAsync();
        Http3Exchange exchange = await peer.OpenAsync();

        // The length of the frame is a lie, too.
        byte[] endlessName = [0x27, 0xff, 0xff, 0xff, 0x0f];
        await exchange.SendAsync([(byte)Http3Bytes.Headers, .. Http3Bytes.Integer(Endless), .. Fields(), .. kind == "name" ? endlessName : []]);
        Task sending = Outcome.TrickleAsync(exchange.Stream, kind == "name" ? [.. Enumerable.Repeat((byte)'a', 1000)] : Excess(kind)[..4000], TimeSpan.FromMilliseconds(1));

        Assert.AreEqual(expected, await Outcome.OfAsync(peer, exchange));
        await sending.WithTimeout();
        Assert.AreEqual(BesiegedSite.Hello, await Outcome.GetAsync(peer));
    }

    [TestMethod]
    public async Task UnknownFrame_ThatIsNeverOver_IsDroppedUntilTheTimeForHeadersIsOver()
    {
        await using BesiegedSite site = await BesiegedSite.StartAsync(TestContext, static limits => limits.RequestHeadersTimeout = TimeSpan.FromSeconds(1));
        await using Http3Peer peer = await site.ConnectAsync();
        long before = Memory.ManagedBytes();
        Http3Exchange exchange = await peer.OpenAsync();
        await exchange.SendAsync([.. Http3Bytes.Integer(UnknownFrame), .. Http3Bytes.Integer(Endless)]);

        Task sending = Outcome.TrickleAsync(exchange.Stream, new byte[64 << 10], TimeSpan.FromMilliseconds(1));

        Assert.AreEqual("reset 0x10b", await Outcome.OfAsync(peer, exchange));
        await sending.WithTimeout();
        await Waiting.Until(() => Memory.ManagedBytes() - before < MemoryTolerance, "the heap is as it was");
        Assert.AreEqual(BesiegedSite.Hello, await Outcome.GetAsync(peer));
    }

    [TestMethod]
    [DataRow(3, Flood / 50, "closed 0x105", DisplayName = "small unknown frames")]
    [DataRow(Flood, 1, "closed 0x106", DisplayName = "one large unknown frame, which Kestrel does not take")]
    public async Task ControlStream_Flooded_IsReadAndForgotten(int length, int count, string expected)
    {
        await using BesiegedSite site = await BesiegedSite.StartAsync(TestContext);
        await using TransportConnection connection = await site.ConnectPlainAsync();
        long before = Memory.ManagedBytes();
        byte[] frames = [.. Enumerable.Repeat(Http3Bytes.Frame(UnknownFrame, new byte[length]), count).SelectMany(static f => f)];

        TransportStream control = await BesiegedSite.OpenControlAsync(connection, frames);

        // Read behind the flood, and understood: DATA is wrong here.
        await Outcome.SendAsync(new Http3Exchange(control), Http3Bytes.Frame(Http3Bytes.Data, []));
        Assert.AreEqual(expected, await Outcome.OfAsync(connection));
        await Waiting.Until(() => Memory.ManagedBytes() - before < MemoryTolerance, "the heap is as it was");
    }

    [TestMethod]
    public async Task Settings_MoreThanAnybodyNeeds_EndTheConnection()
    {
        await using BesiegedSite site = await BesiegedSite.StartAsync(TestContext);
        await using TransportConnection connection = await site.ConnectPlainAsync();
        TransportStream control = await connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
        byte[] settings = [.. Enumerable.Range(0, 10_000).SelectMany(static i => (byte[])[.. Http3Bytes.Integer(UnknownFrame + (31 * i)), 1])];

        await Outcome.SendAsync(new Http3Exchange(control), [0, .. Http3Bytes.Frame(Http3Bytes.Settings, settings)]);

        Assert.AreEqual("closed 0x107", await Outcome.OfAsync(connection));
    }

    [TestMethod]
    [DataRow(2, (byte)0x20, DisplayName = "of an encoder that sets its capacity to nothing")]
    [DataRow(3, (byte)0x40, DisplayName = "of a decoder that cancels the first stream")]
    public async Task QpackStream_Flooded_IsReadAndForgotten(int type, byte instruction)
    {
        await using BesiegedSite site = await BesiegedSite.StartAsync(TestContext);
        await using Http3Peer peer = await site.ConnectAsync();
        TransportStream stream = await peer.Connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();

        await stream.Output.WriteAsync((byte[])[(byte)type, .. Enumerable.Repeat(instruction, Flood)]).WithTimeout();

        Assert.AreEqual(BesiegedSite.Hello, await Outcome.GetAsync(peer));
        await stream.Output.WriteAsync((byte[])[0xff, 0xff, 0xff]).WithTimeout();
        Assert.AreEqual(type == 2 ? "closed 0x201" : "closed 0x202", await Outcome.OfAsync(peer.Connection));
    }

    [TestMethod]
    public async Task UnidirectionalStreams_ByTheThousand_AreForgotten()
    {
        await using BesiegedSite site = await BesiegedSite.StartAsync(TestContext);
        await using Http3Peer peer = await site.ConnectAsync();
        long before = Memory.ManagedBytes();
        for (int i = 0; i < 2000; i++)
        {
            TransportStream stream = await peer.Connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
            await Outcome.SendAsync(new Http3Exchange(stream), Http3Bytes.Integer(UnknownFrame + (31 * i)), end: true);
            await stream.DisposeAsync();
        }

        Assert.AreEqual(BesiegedSite.Hello, await Outcome.GetAsync(peer));
        await Waiting.Until(() => Memory.ManagedBytes() - before < MemoryTolerance, "the heap is as it was");
    }

    private static byte[] Fields()
    {
        byte[] frame = Http3Bytes.Request("GET", "/hello");

        // Behind type and length, which are of one and two bytes here.
        int position = 1 + (1 << (frame[1] >> 6));
        return frame[position..];
    }

    private static byte[] Excess(string kind) => kind switch
    {
        "fields" => [.. Enumerable.Range(0, 5000).SelectMany(static _ => (byte[])[0x21, (byte)'x', 1, (byte)'y'])],
        "section" => [.. Enumerable.Range(0, 4).SelectMany(static i => Literal($"x{i}", 20_000))],
        "value" => Literal("x", 1 << 20),
        _ => [.. Enumerable.Repeat((byte)0xfe, 1 << 20)],
    };

    // Literal name and value (RFC 9204, section 4.5.6).
    private static byte[] Literal(string name, int length)
    {
        byte[] frame = Http3Bytes.Fields((name, new string('v', length)));
        return frame[(1 + (1 << (frame[1] >> 6)) + 2)..];
    }

    private static async Task AskAsync(BesiegedSite site, byte[] request, int count, SortedDictionary<string, int> outcomes)
    {
        await using Http3Peer peer = await site.ConnectAsync();
        for (int i = 0; i < count; i += Together)
        {
            foreach (string outcome in await Task.WhenAll(Enumerable.Range(0, Together).Select(_ => AskAsync(peer, request))).WithTimeout())
            {
                outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            }
        }
    }

    private static async Task<string> AskAsync(Http3Peer peer, byte[] request)
    {
        Http3Exchange exchange = await peer.OpenAsync();
        Task sending = Outcome.SendAsync(exchange, request, end: true);
        string outcome = await Outcome.OfAsync(peer, exchange);
        await sending;
        await exchange.Stream.DisposeAsync();
        return outcome;
    }
}
