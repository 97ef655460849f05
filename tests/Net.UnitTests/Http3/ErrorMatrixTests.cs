using System.IO.Pipelines;
using System.Text;
using Net.Http3;
using Net.Testing;

namespace Net.UnitTests.Http3;

/// <summary>What a client must answer to each thing that a server must not do (RFC 9114, RFC 9204): with which code, and whether the stream or the connection ends.</summary>
[TestClass]
public sealed class ErrorMatrixTests
{
    private static readonly byte[] Ok = FrameBytes.Headers((":status", "200"));

    public static IEnumerable<object[]> ControlStreams =>
    [
        Row("no SETTINGS first", [0x00, .. FrameBytes.Frame(0x07, [0])], Http3ErrorCode.MissingSettings),
        Row("an unknown frame first", [0x00, .. FrameBytes.Frame(0x21, [])], Http3ErrorCode.MissingSettings),
        Row("SETTINGS twice", [.. FrameBytes.Control(), .. FrameBytes.Settings()], Http3ErrorCode.FrameUnexpected),
        Row("DATA", [.. FrameBytes.Control(), .. FrameBytes.Data("x")], Http3ErrorCode.FrameUnexpected),
        Row("HEADERS", [.. FrameBytes.Control(), .. Ok], Http3ErrorCode.FrameUnexpected),
        Row("PUSH_PROMISE", [.. FrameBytes.Control(), .. FrameBytes.Frame(0x05, [0])], Http3ErrorCode.FrameUnexpected),
        Row("MAX_PUSH_ID", [.. FrameBytes.Control(), .. FrameBytes.Frame(0x0d, [0])], Http3ErrorCode.FrameUnexpected),
        Row("CANCEL_PUSH", [.. FrameBytes.Control(), .. FrameBytes.Frame(0x03, [0])], Http3ErrorCode.IdError),
        Row("CANCEL_PUSH empty", [.. FrameBytes.Control(), .. FrameBytes.Frame(0x03, [])], Http3ErrorCode.FrameError),
        Row("CANCEL_PUSH too long", [.. FrameBytes.Control(), .. FrameBytes.Frame(0x03, [0, 0])], Http3ErrorCode.FrameError),
        Row("CANCEL_PUSH longer than any id", [.. FrameBytes.Control(), .. FrameBytes.FrameHeader(0x03, VariableLengthInteger.MaxSize + 1)], Http3ErrorCode.FrameError),
        Row("PRIORITY_UPDATE", [.. FrameBytes.Control(), .. FrameBytes.Frame(0xf0700, [0])], Http3ErrorCode.FrameUnexpected),
        Row("PRIORITY_UPDATE of a push", [.. FrameBytes.Control(), .. FrameBytes.Frame(0xf0701, [0])], Http3ErrorCode.FrameUnexpected),
        Row("HTTP/2's PRIORITY", [.. FrameBytes.Control(), .. FrameBytes.Frame(0x02, [])], Http3ErrorCode.FrameUnexpected),
        Row("HTTP/2's PING", [.. FrameBytes.Control(), .. FrameBytes.Frame(0x06, [])], Http3ErrorCode.FrameUnexpected),
        Row("HTTP/2's WINDOW_UPDATE", [.. FrameBytes.Control(), .. FrameBytes.Frame(0x08, [])], Http3ErrorCode.FrameUnexpected),
        Row("HTTP/2's CONTINUATION", [.. FrameBytes.Control(), .. FrameBytes.Frame(0x09, [])], Http3ErrorCode.FrameUnexpected),
        Row("a setting twice", FrameBytes.Control((6, 1), (6, 1)), Http3ErrorCode.SettingsError),
        Row("HTTP/2's setting 0", FrameBytes.Control((0, 1)), Http3ErrorCode.SettingsError),
        Row("HTTP/2's setting 2", FrameBytes.Control((2, 1)), Http3ErrorCode.SettingsError),
        Row("HTTP/2's setting 3", FrameBytes.Control((3, 1)), Http3ErrorCode.SettingsError),
        Row("HTTP/2's setting 4", FrameBytes.Control((4, 1)), Http3ErrorCode.SettingsError),
        Row("HTTP/2's setting 5", FrameBytes.Control((5, 1)), Http3ErrorCode.SettingsError),
        Row("CONNECT protocol 2", FrameBytes.Control((8, 2)), Http3ErrorCode.SettingsError),
        Row("datagrams 2", FrameBytes.Control((0x33, 2)), Http3ErrorCode.SettingsError),
        Row("a setting cut", [0x00, .. FrameBytes.Frame(0x04, [0x06])], Http3ErrorCode.FrameError),
        Row("SETTINGS too long", [0x00, .. FrameBytes.FrameHeader(0x04, 1 << 20)], Http3ErrorCode.ExcessiveLoad),
        Row("GOAWAY empty", [.. FrameBytes.Control(), .. FrameBytes.Frame(0x07, [])], Http3ErrorCode.FrameError),
        Row("GOAWAY too long", [.. FrameBytes.Control(), .. FrameBytes.Frame(0x07, [0, 0])], Http3ErrorCode.FrameError),
        Row("GOAWAY of a server's stream", [.. FrameBytes.Control(), .. FrameBytes.Frame(0x07, [1])], Http3ErrorCode.IdError),
        Row("GOAWAY that grows", [.. FrameBytes.Control(), .. FrameBytes.Frame(0x07, [4]), .. FrameBytes.Frame(0x07, [8])], Http3ErrorCode.IdError),
        Row("a push stream", [0x01, 0x00], Http3ErrorCode.IdError),
        Row("QPACK encoder nonsense", [0x02, 0x3f, 0xff, 0xff, 0xff, 0x7f], Http3ErrorCode.QpackEncoderStreamError),
        Row("QPACK decoder nonsense", [0x03, 0x00], Http3ErrorCode.QpackDecoderStreamError),
    ];

    public static IEnumerable<object[]> BrokenRequestStreams =>
    [
        Row("DATA first", FrameBytes.Data("x"), Http3ErrorCode.FrameUnexpected),
        Row("DATA after an interim response", [.. FrameBytes.Headers((":status", "103")), .. FrameBytes.Data("x")], Http3ErrorCode.FrameUnexpected),
        Row("HEADERS after trailers", [.. Ok, .. FrameBytes.Headers(("a", "b")), .. FrameBytes.Headers(("a", "b"))], Http3ErrorCode.FrameUnexpected),
        Row("DATA after trailers", [.. Ok, .. FrameBytes.Headers(("a", "b")), .. FrameBytes.Data("x")], Http3ErrorCode.FrameUnexpected),
        Row("SETTINGS", FrameBytes.Settings(), Http3ErrorCode.FrameUnexpected),
        Row("GOAWAY", FrameBytes.Frame(0x07, [0]), Http3ErrorCode.FrameUnexpected),
        Row("MAX_PUSH_ID", FrameBytes.Frame(0x0d, [0]), Http3ErrorCode.FrameUnexpected),
        Row("CANCEL_PUSH", FrameBytes.Frame(0x03, [0]), Http3ErrorCode.FrameUnexpected),
        Row("PRIORITY_UPDATE", FrameBytes.Frame(0xf0700, [0]), Http3ErrorCode.FrameUnexpected),
        Row("PRIORITY_UPDATE of a push", FrameBytes.Frame(0xf0701, [0]), Http3ErrorCode.FrameUnexpected),
        Row("PUSH_PROMISE", FrameBytes.Frame(0x05, [0, 0, 0]), Http3ErrorCode.IdError),
        Row("HTTP/2's PRIORITY", FrameBytes.Frame(0x02, []), Http3ErrorCode.FrameUnexpected),
        Row("HTTP/2's PING after the headers", [.. Ok, .. FrameBytes.Frame(0x06, [])], Http3ErrorCode.FrameUnexpected),
        Row("HTTP/2's WINDOW_UPDATE", FrameBytes.Frame(0x08, []), Http3ErrorCode.FrameUnexpected),
        Row("HTTP/2's CONTINUATION after the headers", [.. Ok, .. FrameBytes.Frame(0x09, [])], Http3ErrorCode.FrameUnexpected),
        Row("end inside a frame header", [0x40], Http3ErrorCode.FrameError),
        Row("end inside HEADERS", [.. FrameBytes.FrameHeader(0x01, 100), 0, 0], Http3ErrorCode.FrameError),
        Row("end inside DATA", [.. Ok, .. FrameBytes.FrameHeader(0x00, 100), 1, 2, 3], Http3ErrorCode.FrameError),
        Row("end before DATA's first byte", [.. Ok, .. FrameBytes.FrameHeader(0x00, 1)], Http3ErrorCode.FrameError),
        Row("end inside an unknown frame", [.. Ok, .. FrameBytes.FrameHeader(0x21, 10), 1], Http3ErrorCode.FrameError),
        Row("an empty header section", FrameBytes.Frame(0x01, []), Http3ErrorCode.QpackDecompressionFailed),
        Row("a QPACK index out of range", FrameBytes.Frame(0x01, [0, 0, 0xff, 0xff, 0x01]), Http3ErrorCode.QpackDecompressionFailed),
        Row("trailers that are no QPACK", [.. Ok, .. FrameBytes.Frame(0x01, [0, 0, 0x80])], Http3ErrorCode.QpackDecompressionFailed),
    ];

    public static IEnumerable<object[]> BrokenMessages =>
    [
        Row("no status", FrameBytes.Headers(("a", "b")), Http3ErrorCode.MessageError),
        Row("status twice", FrameBytes.Headers((":status", "200"), (":status", "200")), Http3ErrorCode.MessageError),
        Row("status behind a field", FrameBytes.Headers(("a", "b"), (":status", "200")), Http3ErrorCode.MessageError),
        Row("status 101", FrameBytes.Headers((":status", "101")), Http3ErrorCode.MessageError),
        Row("status 99", FrameBytes.Headers((":status", "099")), Http3ErrorCode.MessageError),
        Row("status of letters", FrameBytes.Headers((":status", "abc")), Http3ErrorCode.MessageError),
        Row("status too long", FrameBytes.Headers((":status", "2000")), Http3ErrorCode.MessageError),
        Row("a request's pseudo field", FrameBytes.Headers((":status", "200"), (":path", "/")), Http3ErrorCode.MessageError),
        Row("an unknown pseudo field", FrameBytes.Headers((":status", "200"), (":x", "/")), Http3ErrorCode.MessageError),
        Row("a name in upper case", FrameBytes.Headers((":status", "200"), ("Name", "x")), Http3ErrorCode.MessageError),
        Row("a name with a space", FrameBytes.Headers((":status", "200"), ("a b", "x")), Http3ErrorCode.MessageError),
        Row("an empty name", FrameBytes.Headers((":status", "200"), ("", "x")), Http3ErrorCode.MessageError),
        Row("a line end in a value", FrameBytes.Headers((":status", "200"), ("a", "x\r\ny: z")), Http3ErrorCode.MessageError),
        Row("a NUL in a value", FrameBytes.Headers((":status", "200"), ("a", "x\0")), Http3ErrorCode.MessageError),
        Row("connection", FrameBytes.Headers((":status", "200"), ("connection", "close")), Http3ErrorCode.MessageError),
        Row("transfer-encoding", FrameBytes.Headers((":status", "200"), ("transfer-encoding", "chunked")), Http3ErrorCode.MessageError),
        Row("a pseudo field in trailers", [.. Ok, .. FrameBytes.Headers((":status", "200"))], Http3ErrorCode.MessageError),
        Row("content-length of letters", FrameBytes.Headers((":status", "200"), ("content-length", "x")), Http3ErrorCode.MessageError),
        Row("content-length below zero", FrameBytes.Headers((":status", "200"), ("content-length", "-1")), Http3ErrorCode.MessageError),
        Row("two content-lengths", FrameBytes.Headers((":status", "200"), ("content-length", "1"), ("content-length", "2")), Http3ErrorCode.MessageError),
        Row("less content than announced", [.. FrameBytes.Headers((":status", "200"), ("content-length", "5")), .. FrameBytes.Data("1234")], Http3ErrorCode.MessageError),
        Row("no content where some is announced", FrameBytes.Headers((":status", "200"), ("content-length", "5")), Http3ErrorCode.MessageError),
        Row("more content than announced", [.. FrameBytes.Headers((":status", "200"), ("content-length", "5")), .. FrameBytes.Data("123456")], Http3ErrorCode.MessageError),
        Row("content where there is none", [.. FrameBytes.Headers((":status", "204")), .. FrameBytes.Data("1")], Http3ErrorCode.MessageError),
        Row("nothing at all", [], Http3ErrorCode.MessageError),
        Row("only an interim response", FrameBytes.Headers((":status", "103")), Http3ErrorCode.MessageError),
        Row("interim responses without end", [.. Enumerable.Repeat(FrameBytes.Headers((":status", "103")), 20).SelectMany(static b => b)], Http3ErrorCode.ExcessiveLoad),
        Row("fields beyond the limit", FrameBytes.Headers((":status", "200"), ("a", new string('x', 40_000)), ("b", new string('x', 40_000))), Http3ErrorCode.ExcessiveLoad),
        Row("many small fields beyond the limit", FrameBytes.Headers([(":status", "200"), .. Enumerable.Repeat(("a", "b"), 2000)]), Http3ErrorCode.ExcessiveLoad),
        Row("a section announced beyond the limit", [.. FrameBytes.FrameHeader(0x01, 1L << 40)], Http3ErrorCode.ExcessiveLoad),
        Row("trailers beyond the limit", [.. Ok, .. FrameBytes.Headers([.. Enumerable.Repeat(("a", "b"), 2000)])], Http3ErrorCode.ExcessiveLoad),
    ];

    [TestMethod]
    [DynamicData(nameof(ControlStreams))]
    public async Task UnidirectionalStream_Broken_ClosesTheConnection(string what, string hex, Http3ErrorCode code)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(sendSettings: false);
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await seen.ReadToEndAsync();
        var draining = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        fixture.Client.Draining += (_, _) => draining.TrySetResult();
        await fixture.OpenUnidirectionalAsync(Convert.FromHexString(hex));

        ConnectionClose close = await fixture.Server.Closed.WithTimeout();
        Assert.AreEqual((long)code, close.ApplicationErrorCode, $"{what}: {close.Reason}");
        await AssertRequestFailsAsync(sending, code, what);

        // It begins to drain after it has begun to close.
        await draining.Task.WithTimeout();
        Assert.IsTrue(fixture.Client.IsDraining);
    }

    [TestMethod]
    [DynamicData(nameof(BrokenRequestStreams))]
    public async Task RequestStream_Broken_ClosesTheConnection(string what, string hex, Http3ErrorCode code)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<byte[]> reading = ReadAllAsync(fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None));
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await (await seen.ReadToEndAsync()).FinishAsync(Convert.FromHexString(hex));

        ConnectionClose close = await fixture.Server.Closed.WithTimeout();
        Assert.AreEqual((long)code, close.ApplicationErrorCode, $"{what}: {close.Reason}");
        await AssertRequestFailsAsync(reading, code, what);
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    [DynamicData(nameof(BrokenMessages))]
    public async Task Message_Malformed_EndsOnlyItsStream(string what, string hex, Http3ErrorCode code)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<byte[]> reading = ReadAllAsync(fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None));
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await (await seen.ReadToEndAsync()).FinishAsync(Convert.FromHexString(hex));

        await AssertRequestFailsAsync(reading, code, what);
        await fixture.WaitUntilIdleAsync();
        using HttpResponseMessage next = await fixture.ExchangeAsync(Http3Fixture.Get(), Ok);
        Assert.IsFalse(fixture.Server.Closed.IsCompleted, what);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(2)]
    [DataRow(3)]
    public async Task CriticalStream_OpenedTwice_ClosesTheConnection(int type)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(sendSettings: false);
        byte[] begin = type == 0 ? FrameBytes.Control() : [(byte)type];
        await fixture.OpenUnidirectionalAsync(begin);
        await fixture.OpenUnidirectionalAsync(begin);
        Assert.AreEqual((long)Http3ErrorCode.StreamCreationError, (await fixture.Server.Closed.WithTimeout()).ApplicationErrorCode);
    }

    [TestMethod]
    [DataRow(0, false)]
    [DataRow(2, false)]
    [DataRow(3, false)]
    [DataRow(0, true)]
    [DataRow(2, true)]
    [DataRow(3, true)]
    public async Task CriticalStream_Ended_ClosesTheConnection(int type, bool byReset)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(sendSettings: false);
        TransportStream stream = await fixture.OpenUnidirectionalAsync(type == 0 ? FrameBytes.Control() : [(byte)type]);
        if (byReset)
        {
            // A reset may overtake the byte that says which stream it is, and would then end nothing that the client knows of.
            await fixture.WhenClientHasReadOf(stream);
            stream.AbortWrite(0x100);
        }
        else
        {
            await stream.Output.CompleteAsync();
        }

        Assert.AreEqual((long)Http3ErrorCode.ClosedCriticalStream, (await fixture.Server.Closed.WithTimeout()).ApplicationErrorCode);
    }

    [TestMethod]
    [DataRow(0, "control")]
    [DataRow(2, "QPACK encoder")]
    [DataRow(3, "QPACK decoder")]
    public async Task OwnCriticalStream_Stopped_ClosesTheConnection(int type, string name)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        TransportStream stream = await AcceptOwnStreamAsync(fixture, type);
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await seen.ReadToEndAsync();
        stream.AbortRead((long)Http3ErrorCode.NoError);

        ConnectionClose close = await fixture.Server.Closed.WithTimeout();
        Assert.AreEqual((long)Http3ErrorCode.ClosedCriticalStream, close.ApplicationErrorCode, close.Reason);
        StringAssert.Contains(close.Reason, name, StringComparison.Ordinal);
        await AssertRequestFailsAsync(sending, Http3ErrorCode.ClosedCriticalStream, name);
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task UnknownStreams_AreRefusedAndNothingElse()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        for (int i = 0; i < 30; i++)
        {
            TransportStream stream = await fixture.OpenUnidirectionalAsync([0x21, 1, 2, 3]);
            TransportException stopped = await Assert.ThrowsExactlyAsync<TransportException>(() => stream.SendCompletion.WithTimeout());
            Assert.AreEqual((long)Http3ErrorCode.StreamCreationError, stopped.ApplicationErrorCode);
            await stream.DisposeAsync();
        }

        TransportStream silent = await fixture.Server.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
        await silent.Output.CompleteAsync();
        using HttpResponseMessage response = await fixture.ExchangeAsync(Http3Fixture.Get(), Ok);
    }

    [TestMethod]
    public async Task BidirectionalStream_OfTheServers_ClosesTheConnection()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        TransportStream stream = await fixture.Server.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await stream.Output.WriteAsync(new byte[] { 0 }).WithTimeout();
        Assert.AreEqual((long)Http3ErrorCode.StreamCreationError, (await fixture.Server.Closed.WithTimeout()).ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Settings_UnknownOnesAndFramesAfterThem_AreIgnored()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(sendSettings: false);
        await fixture.SendControlAsync([.. FrameBytes.Control((0x21, 5), (0x33, 1), (8, 1), (0x1234567, 99)), .. FrameBytes.Frame(0x21, new byte[100_000])]);
        using HttpResponseMessage response = await fixture.ExchangeAsync(Http3Fixture.Get(), Ok);
        Assert.IsFalse(fixture.Client.IsDraining);
    }

    private static object[] Row(string what, byte[] bytes, Http3ErrorCode code) => [what, Convert.ToHexString(bytes), code];

    // New streams come in no order that a server may count on; the first byte tells what each is.
    private static async Task<TransportStream> AcceptOwnStreamAsync(Http3Fixture fixture, int type)
    {
        while (true)
        {
            TransportStream stream = await fixture.Server.AcceptStreamAsync().WithTimeout();
            ReadResult result = await stream.Input.ReadAsync().WithTimeout();
            byte first = result.Buffer.FirstSpan[0];
            stream.Input.AdvanceTo(result.Buffer.End);
            if (first == type)
            {
                return stream;
            }
        }
    }

    private static async Task<byte[]> ReadAllAsync(Task<HttpResponseMessage> sending)
    {
        using HttpResponseMessage response = await sending;
        using var all = new MemoryStream();
        await (await response.Content.ReadAsStreamAsync()).CopyToAsync(all);
        return all.ToArray();
    }

    private static async Task AssertRequestFailsAsync(Task request, Http3ErrorCode code, string what)
    {
        try
        {
            await request.WithTimeout();
        }
        catch (Exception exception) when (exception is HttpRequestException or HttpIOException)
        {
            TransportException? transport = Http3Exceptions.FindTransportException(exception);
            Assert.IsNotNull(transport, $"{what}: {exception}");
            Assert.AreEqual((long)code, transport.ApplicationErrorCode, $"{what}: {exception}");
            Assert.IsFalse(transport.IsSafeToRetry, what);
            return;
        }

        Assert.Fail($"The request succeeded: {what}");
    }
}
