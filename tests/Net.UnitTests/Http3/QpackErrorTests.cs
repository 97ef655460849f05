using System.Buffers;
using System.IO.Pipelines;
using Net.Http3;
using Net.Testing;

namespace Net.UnitTests.Http3;

/// <summary>What a server can do wrong with the dynamic tables of both directions while they are in use, and the code with which the client must close the connection (RFC 9204, section 6).</summary>
[TestClass]
public sealed class QpackErrorTests
{
    // Set Dynamic Table Capacity (section 4.3.1) to what the client allows, and to what one entry of a byte and a byte fits in, but not two: each counts 32 bytes more (section 3.2.1).
    private static readonly byte[] Capacity4096 = [0x3f, 0xe1, 0x1f];
    private static readonly byte[] Capacity64 = [0x3f, 0x21];

    // Insert with Literal Name (section 4.3.3).
    private static readonly byte[] InsertA = [0x41, (byte)'a', 1, (byte)'1'];
    private static readonly byte[] InsertB = [0x41, (byte)'b', 1, (byte)'2'];

    // The static table's :status 200 (appendix A).
    private const byte Status200 = 0xc0 | 25;

    public static IEnumerable<TestDataRow<byte[]>> EncoderStreams =>
    [
        Row("a capacity above the announced one (4.3.1)", [0x3f, 0xe2, 0x1f]),
        Row("an insertion before the capacity is set (3.2.3)", InsertA),
        Row("an insertion into a capacity of zero (3.2.2)", [.. Capacity4096, 0x20, .. InsertA]),
        Row("an entry larger than the capacity (3.2.2)", [.. Capacity64, 0x41, (byte)'a', 40, .. new byte[40]]),
        Row("a name of an empty table (4.3.2)", [.. Capacity4096, 0x80, 1, (byte)'v']),
        Row("a name beyond the oldest entry (4.3.2)", [.. Capacity4096, .. InsertA, 0x81, 1, (byte)'v']),
        Row("a name that was evicted (4.3.2)", [.. Capacity64, .. InsertA, .. InsertB, 0x81, 1, (byte)'v']),
        Row("a static name that does not exist (4.3.2)", [.. Capacity4096, 0xff, 0x24, 1, (byte)'v']),
        Row("a duplicate of nothing (4.3.4)", [.. Capacity4096, 0x00]),
        Row("a duplicate of what was evicted (4.3.4)", [.. Capacity64, .. InsertA, .. InsertB, 0x01]),
        Row("a duplicate of what a smaller capacity has evicted (4.3.1)", [.. Capacity4096, .. InsertA, 0x20, .. Capacity4096, 0x00]),
        Row("an integer without end (4.1.1)", [0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        Row("a name whose Huffman coding holds the end of string (4.1.2)", [.. Capacity4096, 0x64, 0xff, 0xff, 0xff, 0xff, 1, (byte)'v']),
    ];

    public static IEnumerable<TestDataRow<(byte[] Table, byte[] Section)>> Sections =>
    [
        Row("an insert count larger than any can be (4.5.1.1)", [.. Capacity4096, .. InsertA], [0xff, 0x03, 0, Status200]),
        Row("an insert count that lies beyond all that may be in the table (4.5.1.1)", [.. Capacity4096, .. InsertA], [200, 0, Status200]),
        Row("an entry that was evicted (2.2.3)", [.. Capacity64, .. InsertA, .. InsertB], [2, 0, Status200, 0x80]),
        Row("a name that was evicted (2.2.3)", [.. Capacity64, .. InsertA, .. InsertB], [2, 0, Status200, 0x40, 1, (byte)'v']),
        Row("an entry past the insert count that is told (2.2.3)", [.. Capacity4096, .. InsertA, .. InsertB], [2, 0, Status200, 0x10]),
        Row("a name past the insert count that is told (2.2.3)", [.. Capacity4096, .. InsertA, .. InsertB], [2, 0, Status200, 0x00, 1, (byte)'v']),
        Row("an entry of the table with an insert count of zero (2.2.3)", [.. Capacity4096, .. InsertA], [0, 0, Status200, 0x80]),
        Row("an entry before the first (3.2.5)", [.. Capacity4096, .. InsertA], [2, 0, Status200, 0x81]),
        Row("a base below zero (4.5.1.2)", [.. Capacity4096, .. InsertA], [2, 0x85, Status200]),
    ];

    // Section Acknowledgment: 0x80 and the stream. Stream Cancellation: 0x40 and the stream. Insert Count Increment: 0x00 and how many (section 4.4).
    public static IEnumerable<TestDataRow<byte[]>> DecoderStreams =>
    [
        Row("an increment of zero (4.4.3)", [0x00]),
        Row("an increment beyond what was inserted (4.4.3)", [0x3f, 0xff, 0x07]),
        Row("a section of a stream that has none (4.4.1)", [0x84]),
        Row("a section that is acknowledged twice (4.4.1)", [0x80, 0x80]),
        Row("a section that was cancelled (4.4.1)", [0x40, 0x80]),
        Row("an integer without end (4.1.1)", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ];

    [TestMethod]
    [DynamicData(nameof(EncoderStreams))]
    public async Task EncoderStream_Broken_ClosesTheConnection(byte[] instructions)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        await (await fixture.AcceptRequestAsync()).ReadToEndAsync();

        await fixture.OpenUnidirectionalAsync([0x02, .. instructions]);

        await CheckClosedAsync(fixture, sending, Http3ErrorCode.QpackEncoderStreamError);
    }

    [TestMethod]
    public async Task Section_OfTheTable_IsDecoded()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        await fixture.OpenUnidirectionalAsync([0x02, .. Capacity64, .. InsertA, .. InsertB]);

        using HttpResponseMessage response = await fixture.ExchangeAsync(Http3Fixture.Get(), FrameBytes.Frame(0x01, [3, 0, Status200, 0x80]));

        Assert.AreEqual("2", response.Headers.NonValidated["b"].ToString());
    }

    [TestMethod]
    [DynamicData(nameof(Sections))]
    public async Task Section_ThatCannotBeDecoded_ClosesTheConnection(byte[] table, byte[] section)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        await fixture.OpenUnidirectionalAsync([0x02, .. table]);
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();

        await (await seen.ReadToEndAsync()).FinishAsync(FrameBytes.Frame(0x01, section));

        await CheckClosedAsync(fixture, sending, Http3ErrorCode.QpackDecompressionFailed);
    }

    [TestMethod]
    [DynamicData(nameof(DecoderStreams))]
    public async Task DecoderStream_Broken_ClosesTheConnection(byte[] instructions)
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(sendSettings: false);
        (Task<HttpResponseMessage> sending, _) = await BeginWithTableAsync(fixture);

        await fixture.OpenUnidirectionalAsync([0x03, .. instructions]);

        await CheckClosedAsync(fixture, sending, Http3ErrorCode.QpackDecoderStreamError);
    }

    [TestMethod]
    public async Task DecoderStream_AcknowledgingASectionWithoutTable_ClosesTheConnection()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        await (await fixture.AcceptRequestAsync()).ReadToEndAsync();

        await fixture.OpenUnidirectionalAsync([0x03, 0x80]);

        await CheckClosedAsync(fixture, sending, Http3ErrorCode.QpackDecoderStreamError);
    }

    [TestMethod]
    public async Task DecoderStream_ThatIsRight_ClosesNothing()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(sendSettings: false);
        (Task<HttpResponseMessage> sending, ServerRequest seen) = await BeginWithTableAsync(fixture);

        // The section of the request, and the cancellation of a stream that has none, which is fine.
        TransportStream decoder = await fixture.OpenUnidirectionalAsync([0x03, 0x80, 0x44]);
        await fixture.WhenClientHasReadOf(decoder);
        await seen.FinishAsync(FrameBytes.Headers((":status", "200")));

        using HttpResponseMessage response = await sending.WithTimeout();
        Assert.IsFalse(fixture.Client.IsDraining);
    }

    // The server offers a table, and the first request, on stream 0, refers to it.
    private static async Task<(Task<HttpResponseMessage> Sending, ServerRequest Seen)> BeginWithTableAsync(Http3Fixture fixture)
    {
        await fixture.SendControlAsync(FrameBytes.Control((0x01, 4096), (0x07, 16)));
        long started = TimeProvider.System.GetTimestamp();
        while (fixture.Client.PeerSettings.QpackTableCapacity == 0)
        {
            Assert.IsLessThan(TestDeadline.Limit, TimeProvider.System.GetElapsedTime(started), "the client never took the settings");
            await Task.Yield();
        }

        HttpRequestMessage request = Http3Fixture.Get();
        request.Headers.Add("a-name-of-its-own", "a value that stands in no static table");
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(request, CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        Assert.AreEqual(0, seen.Stream.Id);
        ReadResult result = await seen.Stream.Input.ReadAsync().WithTimeout();
        ReadOnlySequence<byte> frame = result.Buffer;
        Assert.IsTrue(Http3Frame.TryReadHeader(ref frame, out _, out _));
        Assert.AreNotEqual(0, frame.FirstSpan[0], "The request's required insert count is zero: it does not use the table.");
        seen.Stream.Input.AdvanceTo(result.Buffer.End);
        return (sending, seen);
    }

    private static async Task CheckClosedAsync(Http3Fixture fixture, Task<HttpResponseMessage> sending, Http3ErrorCode code)
    {
        ConnectionClose close = await fixture.Server.Closed.WithTimeout();
        Assert.AreEqual((long)code, close.ApplicationErrorCode, close.Reason);
        HttpRequestException failure = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => sending.WithTimeout());
        TransportException? transport = Http3Exceptions.FindTransportException(failure);
        Assert.AreEqual((long)code, transport?.ApplicationErrorCode, failure.ToString());
        Assert.IsFalse(transport!.IsSafeToRetry);
        await fixture.WaitUntilIdleAsync();
    }

    private static TestDataRow<byte[]> Row(string what, byte[] bytes) => new(bytes) { DisplayName = what };

    private static TestDataRow<(byte[] Table, byte[] Section)> Row(string what, byte[] table, byte[] section) => new((table, section)) { DisplayName = what };
}
