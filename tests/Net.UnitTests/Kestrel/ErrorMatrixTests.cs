using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>
/// What a client can do wrong on each kind of stream, row by row, and the code with which the server must answer (RFC 9114, section 8.1, and RFC 9204, section 6). A connection error ends that
/// connection, a stream error that stream; other connections are served all the while.
/// </summary>
[TestClass]
public sealed class ErrorMatrixTests
{
    private const long NoError = 0x100;
    private const long StreamCreationError = 0x103;
    private const long ClosedCriticalStream = 0x104;
    private const long FrameUnexpected = 0x105;
    private const long FrameError = 0x106;
    private const long IdError = 0x108;
    private const long SettingsError = 0x109;
    private const long MissingSettings = 0x10a;
    private const long RequestIncomplete = 0x10d;
    private const long QpackDecompressionFailed = 0x200;
    private const long QpackEncoderStreamError = 0x201;
    private const long QpackDecoderStreamError = 0x202;

    // Window and send buffer of a stream, as small as they may be.
    private const int SmallLimit = 16 << 10;

    private static readonly byte[] Get = Http3Bytes.Request("GET", "/");
    private static readonly byte[] Settings = [0, .. Http3Bytes.Frame(Http3Bytes.Settings, [])];

    private static MemorySite s_site = null!;

    /// <summary>Wrong on the control stream: what follows its type and SETTINGS.</summary>
    public static IEnumerable<TestDataRow<(byte[] Bytes, long Code)>> ControlRows =>
    [
        Row("a second SETTINGS frame (7.2.4)", Http3Bytes.Frame(4, []), FrameUnexpected),
        Row("DATA (7.2.1)", Http3Bytes.Frame(0, [1]), FrameUnexpected),
        Row("HEADERS (7.2.2)", Get, FrameUnexpected),
        Row("PUSH_PROMISE (7.2.5)", Http3Bytes.Frame(5, [0, 0, 0]), FrameUnexpected),
        Row("HTTP/2's PRIORITY (7.2.8)", Http3Bytes.Frame(2, []), FrameUnexpected),
        Row("HTTP/2's PING (7.2.8)", Http3Bytes.Frame(6, []), FrameUnexpected),
        Row("HTTP/2's WINDOW_UPDATE (7.2.8)", Http3Bytes.Frame(8, []), FrameUnexpected),
        Row("HTTP/2's CONTINUATION (7.2.8)", Http3Bytes.Frame(9, []), FrameUnexpected),
        Row("PRIORITY_UPDATE of a stream of the server's (RFC 9218, 7.2)", PriorityUpdate(0xf0700, 1), IdError),
        Row("PRIORITY_UPDATE of a unidirectional stream (RFC 9218, 7.2)", PriorityUpdate(0xf0700, 2), IdError),
        Row("PRIORITY_UPDATE of a push that was never promised (RFC 9218, 7.2)", PriorityUpdate(0xf0701, 0), IdError),
        Row("PRIORITY_UPDATE without id (RFC 9114, 7.1)", Http3Bytes.Frame(0xf0700, []), FrameError),
        Row("GOAWAY that rises (5.2)", [.. Http3Bytes.Frame(7, [0]), .. Http3Bytes.Frame(7, [4])], IdError),
        Row("GOAWAY without id (7.1)", Http3Bytes.Frame(7, []), FrameError),
        Row("GOAWAY with more than an id (7.1)", Http3Bytes.Frame(7, [0, 0]), FrameError),
        Row("MAX_PUSH_ID that falls (7.2.7)", [.. Http3Bytes.Frame(13, [5]), .. Http3Bytes.Frame(13, [4])], IdError),
        Row("MAX_PUSH_ID without id (7.1)", Http3Bytes.Frame(13, []), FrameError),
        Row("MAX_PUSH_ID with more than an id (7.1)", Http3Bytes.Frame(13, [0, 0]), FrameError),
        Row("CANCEL_PUSH of a push that was never promised (7.2.3)", Http3Bytes.Frame(3, [0]), IdError),
        Row("CANCEL_PUSH without id (7.1)", Http3Bytes.Frame(3, []), FrameError),

        // Two faults at once, of which the form comes first.
        Row("CANCEL_PUSH with more than the id of a push that was never promised (7.1)", Http3Bytes.Frame(3, [0, 0]), FrameError),
        Row("CANCEL_PUSH that promises more than its id (7.1)", [.. Http3Bytes.Integer(3), .. Http3Bytes.Integer(9), 0xc0, 0, 0, 0, 0, 0, 0, 0], FrameError),
        Row("GOAWAY that rises and has more than an id (7.1)", [.. Http3Bytes.Frame(7, [0]), .. Http3Bytes.Frame(7, [4, 0])], FrameError),
        Row("MAX_PUSH_ID that falls and has more than an id (7.1)", [.. Http3Bytes.Frame(13, [5]), .. Http3Bytes.Frame(13, [4, 0])], FrameError),
    ];

    /// <summary>Wrong at the start of the control stream.</summary>
    public static IEnumerable<TestDataRow<(byte[] Bytes, long Code)>> FirstFrameRows =>
    [
        Row("GOAWAY before SETTINGS (6.2.1)", [0, .. Http3Bytes.Frame(7, [0])], MissingSettings),
        Row("an unknown frame before SETTINGS (6.2.1)", [0, .. Http3Bytes.Frame(0x21, [])], MissingSettings),
        Row("the reserved setting 0x0 (11.2.2)", [0, .. Http3Bytes.Frame(4, [0, 0])], SettingsError),
        Row("HTTP/2's SETTINGS_ENABLE_PUSH (7.2.4.1)", [0, .. Http3Bytes.Frame(4, [2, 0])], SettingsError),
        Row("HTTP/2's SETTINGS_MAX_CONCURRENT_STREAMS (7.2.4.1)", [0, .. Http3Bytes.Frame(4, [3, 1])], SettingsError),
        Row("HTTP/2's SETTINGS_INITIAL_WINDOW_SIZE (7.2.4.1)", [0, .. Http3Bytes.Frame(4, [4, 1])], SettingsError),
        Row("HTTP/2's SETTINGS_MAX_FRAME_SIZE (7.2.4.1)", [0, .. Http3Bytes.Frame(4, [5, 1])], SettingsError),
        Row("a setting twice (7.2.4)", [0, .. Http3Bytes.Frame(4, [6, 1, 6, 2])], SettingsError),
        Row("an identifier without value (7.1)", [0, .. Http3Bytes.Frame(4, [6])], FrameError),
    ];

    /// <summary>Wrong unidirectional streams, on a connection that has its control stream.</summary>
    public static IEnumerable<TestDataRow<(byte[] Bytes, long Code)>> StreamRows =>
    [
        Row("a second control stream (6.2.1)", Settings, StreamCreationError),
        Row("a push stream (6.2.2)", [1, 0], StreamCreationError),
        Row("a second QPACK encoder stream (RFC 9204, 4.2)", [2], StreamCreationError),
        Row("a second QPACK decoder stream (RFC 9204, 4.2)", [3], StreamCreationError),
        Row("QPACK: an insertion into a table of no size (4.3.2)", [2, 0xc0, 1, (byte)'x'], QpackEncoderStreamError),
        Row("QPACK: a capacity above the limit (4.3.1)", [2, 0x3f, 0x40], QpackEncoderStreamError),
        Row("QPACK: an insertion under a static name (4.3.2)", [2, 0xff, 0x00, 1, (byte)'x'], QpackEncoderStreamError),
        Row("QPACK: an insertion under a static name that does not exist (4.3.2)", [2, 0xff, 0x24, 1, (byte)'x'], QpackEncoderStreamError),
        Row("QPACK: an insertion with a name (4.3.3)", [2, 0x41, (byte)'n', 1, (byte)'v'], QpackEncoderStreamError),
        Row("QPACK: a duplicate of nothing (4.3.4)", [2, 0x00], QpackEncoderStreamError),
        Row("QPACK: an acknowledgement of nothing (4.4.1)", [3, 0x80], QpackDecoderStreamError),
        Row("QPACK: an increment of nothing (4.4.3)", [3, 0x01], QpackDecoderStreamError),
        Row("QPACK: an increment of zero (4.4.3)", [3, 0x00], QpackDecoderStreamError),
    ];

    /// <summary>Wrong on a request stream so that the connection ends.</summary>
    public static IEnumerable<TestDataRow<(byte[] Bytes, long Code)>> RequestRows =>
    [
        Row("DATA before HEADERS (4.1)", Http3Bytes.Frame(0, [1]), FrameUnexpected),
        Row("SETTINGS (7.2.4)", [.. Get, .. Http3Bytes.Frame(4, [])], FrameUnexpected),
        Row("GOAWAY (7.2.6)", [.. Get, .. Http3Bytes.Frame(7, [0])], FrameUnexpected),
        Row("MAX_PUSH_ID (7.2.7)", [.. Get, .. Http3Bytes.Frame(13, [0])], FrameUnexpected),
        Row("CANCEL_PUSH (7.2.3)", [.. Get, .. Http3Bytes.Frame(3, [0])], FrameUnexpected),
        Row("PUSH_PROMISE (7.2.5)", [.. Get, .. Http3Bytes.Frame(5, [0, 0, 0])], FrameUnexpected),
        Row("HTTP/2's PRIORITY (7.2.8)", [.. Get, .. Http3Bytes.Frame(2, [])], FrameUnexpected),
        Row("HTTP/2's PING (7.2.8)", [.. Get, .. Http3Bytes.Frame(6, [])], FrameUnexpected),
        Row("HTTP/2's WINDOW_UPDATE (7.2.8)", [.. Get, .. Http3Bytes.Frame(8, [])], FrameUnexpected),
        Row("HTTP/2's CONTINUATION (7.2.8)", [.. Get, .. Http3Bytes.Frame(9, [])], FrameUnexpected),
        Row("PRIORITY_UPDATE (RFC 9218, 7.2)", [.. Get, .. PriorityUpdate(0xf0700, 0)], FrameUnexpected),
        Row("HTTP/2's PRIORITY before HEADERS (7.2.8)", Http3Bytes.Frame(2, [0, 0, 0, 0, 0]), FrameUnexpected),
        Row("DATA after the trailers (4.1)", [.. Get, .. Http3Bytes.Fields(("x", "y")), .. Http3Bytes.Frame(0, [1])], FrameUnexpected),
        Row("HEADERS after the trailers (4.1)", [.. Get, .. Http3Bytes.Fields(("x", "y")), .. Http3Bytes.Fields(("x", "y"))], FrameUnexpected),
        Row("QPACK: a static entry that does not exist (3.1)", Http3Bytes.Frame(1, [0, 0, 0xff, 0x40]), QpackDecompressionFailed),
        Row("QPACK: an insert count that is not zero (2.2.1)", Http3Bytes.Frame(1, [2, 0, 0x80]), QpackDecompressionFailed),
        Row("QPACK: a static name that does not exist (3.1)", Http3Bytes.Frame(1, [0, 0, 0x5f, 0x54, 1, (byte)'x']), QpackDecompressionFailed),
        Row("QPACK: an entry of the dynamic table (3.2.5)", Http3Bytes.Frame(1, [0, 0, 0x80]), QpackDecompressionFailed),
        Row("QPACK: an entry past the base (3.2.6)", Http3Bytes.Frame(1, [0, 0, 0x10]), QpackDecompressionFailed),
        Row("QPACK: a name of the dynamic table (3.2.5)", Http3Bytes.Frame(1, [0, 0, 0x40, 1, (byte)'x']), QpackDecompressionFailed),
        Row("QPACK: a name past the base (3.2.6)", Http3Bytes.Frame(1, [0, 0, 0x00, 1, (byte)'x']), QpackDecompressionFailed),
        Row("QPACK: a base below zero (4.5.1.2)", Http3Bytes.Frame(1, [0, 0x80]), QpackDecompressionFailed),
        Row("QPACK: an integer without end (4.1.1)", Http3Bytes.Frame(1, [0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), QpackDecompressionFailed),
        Row("QPACK: Huffman coding that ends with EOS (4.1.2)", Http3Bytes.Frame(1, [0, 0, 0xd1, 0x21, (byte)'x', 0x84, 0xff, 0xff, 0xff, 0xff]), QpackDecompressionFailed),
        Row("QPACK: Huffman coding with eight bits of padding (4.1.2)", Http3Bytes.Frame(1, [0, 0, 0xd1, 0x21, (byte)'x', 0x82, 0xf3, 0xff]), QpackDecompressionFailed),
        Row("QPACK: Huffman coding padded with zeros (4.1.2)", Http3Bytes.Frame(1, [0, 0, 0xd1, 0x21, (byte)'x', 0x81, 0xf2]), QpackDecompressionFailed),
        Row("QPACK: a field section without prefix (4.5.1)", Http3Bytes.Frame(1, []), QpackDecompressionFailed),
        Row("QPACK: trailers that cannot be decoded (2.2)", [.. Get, .. Http3Bytes.Frame(1, [0, 0, 0xff, 0x40])], QpackDecompressionFailed),
        Row("QPACK: a field line cut off (2.2)", Http3Bytes.Frame(1, [0, 0, 0x27]), QpackDecompressionFailed),
    ];

    [ClassInitialize]
    public static async Task StartAsync(TestContext context) => s_site = await MemorySite.StartAsync(
        static application => application.Map("/", static async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            await context.Response.WriteAsync("served");
        }),
        static options => options.Limits = TransportLimits.Default with { StreamReceiveWindow = SmallLimit });

    [ClassCleanup]
    public static async Task StopAsync() => await s_site.DisposeAsync();

    [TestMethod]
    [DynamicData(nameof(ControlRows))]
    public async Task OnTheControlStream_EndsTheConnection(byte[] bytes, long code) => await ConnectionEndsAsync(code, async (_, control) =>
        await control.Output.WriteAsync((byte[])[.. Settings, .. bytes]).WithTimeout());

    [TestMethod]
    [DynamicData(nameof(FirstFrameRows))]
    public async Task AtTheStartOfTheControlStream_EndsTheConnection(byte[] bytes, long code) => await ConnectionEndsAsync(code, async (_, control) =>
        await control.Output.WriteAsync(bytes).WithTimeout());

    [TestMethod]
    [DynamicData(nameof(StreamRows))]
    public async Task OnAnotherUnidirectionalStream_EndsTheConnection(byte[] bytes, long code) => await ConnectionEndsAsync(code, async (connection, control) =>
    {
        await control.Output.WriteAsync(Settings).WithTimeout();
        if (code == StreamCreationError && bytes.Length == 1)
        {
            TransportStream first = await connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
            await first.Output.WriteAsync(bytes).WithTimeout();
        }

        TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
        await stream.Output.WriteAsync(bytes).WithTimeout();
    });

    [TestMethod]
    [DataRow(0, DisplayName = "control (RFC 9114, 6.2.1)")]
    [DataRow(2, DisplayName = "QPACK encoder (RFC 9204, 4.2)")]
    [DataRow(3, DisplayName = "QPACK decoder (RFC 9204, 4.2)")]
    public async Task CriticalStream_Ended_EndsTheConnection(int type) => await ConnectionEndsAsync(ClosedCriticalStream, async (connection, control) =>
    {
        await control.Output.WriteAsync(Settings).WithTimeout();
        TransportStream stream = type == 0 ? control : await connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
        if (type != 0)
        {
            await stream.Output.WriteAsync((byte[])[(byte)type]).WithTimeout();
        }

        await stream.Output.CompleteAsync();
    });

    [TestMethod]
    [DataRow(0, DisplayName = "control (RFC 9114, 6.2.1)")]
    [DataRow(2, DisplayName = "QPACK encoder (RFC 9204, 4.2)")]
    [DataRow(3, DisplayName = "QPACK decoder (RFC 9204, 4.2)")]
    public async Task CriticalStream_Reset_EndsTheConnection(int type) => await ConnectionEndsAsync(ClosedCriticalStream, async (connection, control) =>
    {
        TransportStream stream = type == 0 ? control : await connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();

        // More than the server's window takes: when all is sent it has read the type, which a reset would overtake otherwise.
        byte[] legal = type switch
        {
            0 => [.. Settings, .. Http3Bytes.Padding(3 * SmallLimit)],
            2 => [2, .. Enumerable.Repeat((byte)0x20, 3 * SmallLimit)],
            _ => [3, .. Enumerable.Repeat((byte)0x40, 3 * SmallLimit)],
        };
        await stream.Output.WriteAsync(legal).WithTimeout();

        stream.AbortWrite(NoError);
    });

    [TestMethod]
    public async Task ServersControlStream_Refused_EndsTheConnection() => await ConnectionEndsAsync(ClosedCriticalStream, async (connection, control) =>
    {
        await control.Output.WriteAsync(Settings).WithTimeout();
        TransportStream servers = await connection.AcceptStreamAsync().WithTimeout();
        servers.AbortRead(NoError);
    });

    [TestMethod]
    [DynamicData(nameof(RequestRows))]
    public async Task OnARequestStream_EndsTheConnection(byte[] bytes, long code) => await ConnectionEndsAsync(code, async (connection, control) =>
    {
        await control.Output.WriteAsync(Settings).WithTimeout();
        TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await stream.Output.WriteAsync(bytes).WithTimeout();
    });

    [TestMethod]
    public async Task Request_WithoutAnyFrame_EndsAlone()
    {
        await using Http3Peer peer = await s_site.ConnectAsync();
        Http3Exchange exchange = await peer.OpenAsync();

        await exchange.SendAsync([], end: true);

        Assert.AreEqual(RequestIncomplete, await exchange.ReadResetAsync());
        Assert.AreEqual(200, (await peer.GetAsync("/")).Status);
    }

    [TestMethod]
    [DataRow("40", DisplayName = "inside a frame's type")]
    [DataRow("00", DisplayName = "behind a frame's type")]
    [DataRow("0005616263", DisplayName = "inside DATA, which would pass for the whole body")]
    [DataRow("01050000", DisplayName = "inside the HEADERS of trailers")]
    [DataRow("2105616263", DisplayName = "inside a frame of an unknown type")]
    public async Task Request_EndedInsideAFrame_EndsTheConnection(string hex) => await ConnectionEndsAsync(FrameError, async (connection, control) =>
    {
        await control.Output.WriteAsync(Settings).WithTimeout();
        TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await stream.Output.WriteAsync((byte[])[.. Get, .. Convert.FromHexString(hex)]).WithTimeout();
        await stream.Output.CompleteAsync();
    });

    [TestMethod]
    public async Task Request_EndedInsideItsFirstHeaders_EndsTheConnection() => await ConnectionEndsAsync(FrameError, async (connection, control) =>
    {
        await control.Output.WriteAsync(Settings).WithTimeout();
        TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await stream.Output.WriteAsync(Get.AsMemory(0, Get.Length - 1)).WithTimeout();
        await stream.Output.CompleteAsync();
    });

    [TestMethod]
    public async Task UnknownFramesAndStreams_AreIgnored()
    {
        await using Http3Peer peer = await s_site.ConnectAsync();
        foreach (byte[] fine in (byte[][])[[0x21, 1, 2, 3], [2, 0x20, 0x20], [3, 0x44, 0x7f, 0x80, 0x01]])
        {
            // A stream of no known type, QPACK's capacity set to zero, and two cancelled streams.
            TransportStream stream = await peer.Connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
            await stream.Output.WriteAsync(fine).WithTimeout();
        }

        Http3Exchange exchange = await peer.OpenAsync();

        await exchange.SendAsync([.. Http3Bytes.Frame(0x21, Encoding.ASCII.GetBytes("grease")), .. Get, .. Http3Bytes.Frame(0x40, [])], end: true);

        Assert.AreEqual(200, (await exchange.ReadResponseAsync()).Status);
        Assert.AreEqual(200, (await peer.GetAsync("/")).Status);
    }

    private static byte[] PriorityUpdate(long type, long id) => Http3Bytes.Frame(type, [.. Http3Bytes.Integer(id), .. "u=1"u8]);

    private static TestDataRow<(byte[] Bytes, long Code)> Row(string what, byte[] bytes, long code) => new((bytes, code)) { DisplayName = what };

    private static async Task ConnectionEndsAsync(long code, Func<TransportConnection, TransportStream, Task> misbehave)
    {
        await using Http3Peer honest = await s_site.ConnectAsync();
        await using TransportConnection connection = await s_site.ConnectAsync("h3", limits: TransportLimits.Default with { StreamSendBuffer = SmallLimit });
        TransportStream control = await connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();

        await misbehave(connection, control);

        ConnectionClose close = await connection.Closed.WithTimeout();
        Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
        Assert.AreEqual(code, close.ApplicationErrorCode, $"0x{code:x} was due, 0x{close.ApplicationErrorCode:x} came: {close.Reason}");
        Assert.AreNotEqual(NoError, code);
        Assert.AreEqual(200, (await honest.GetAsync("/")).Status);
    }
}
