using System.Buffers;
using System.Text;
using Net.Http3;
using Net.Http3.Interop;
using Net.Testing;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Http3.Interop;

[TestClass]
public sealed class QpackTests
{
    private readonly ArrayBufferWriter<byte> _encoderStream = new();
    private readonly ArrayBufferWriter<byte> _decoderStream = new();

    [TestInitialize]
    public void RequireLibrary()
    {
        if (!Http3Connection.Support.IsSupported)
        {
            NativeRequirement.Missing(Http3Connection.Support.Reason!);
        }
    }

    [TestMethod]
    public void EncoderAndDecoder_WithoutATable_RoundTrip()
    {
        using var encoder = NewEncoder(0);
        using var decoder = NewDecoder(0, 0);
        byte[] section = Encode(encoder, 0, (":path", "/x"), ("user-agent", "test"), ("empty", ""));
        Assert.AreEqual(":path=/x user-agent=test empty=", Decode(decoder, new QpackFieldSection(0), section));
        Assert.AreEqual(0, _encoderStream.WrittenCount);
        Assert.AreEqual(0, _decoderStream.WrittenCount);
    }

    [TestMethod]
    public void Encoder_WithTheTableOfThePeer_SendsEachFieldOnce()
    {
        using var encoder = NewEncoder(4096);
        using var decoder = NewDecoder(4096, 16);
        encoder.ApplyPeerSettings(4096, 16);
        RoundTrip(encoder, decoder, 0);
        int inserted = _encoderStream.WrittenCount;
        Assert.IsGreaterThan(10, inserted);
        Assert.IsLessThan(10, RoundTrip(encoder, decoder, 4));
        Assert.AreEqual(inserted, _encoderStream.WrittenCount);
        Assert.IsGreaterThan(0, _decoderStream.WrittenCount);
    }

    [TestMethod]
    public async Task Read_BeforeTheEncoderStream_BlocksAndGoesOn()
    {
        using var encoder = NewEncoder(4096);
        using var decoder = NewDecoder(4096, 1);
        encoder.ApplyPeerSettings(4096, 16);
        byte[] section = Encode(encoder, 0, ("authority-like", "v"), (":authority", "some.host.example"));
        byte[] again = Encode(encoder, 4, (":authority", "some.host.example"));
        Assert.IsGreaterThan(0, _encoderStream.WrittenCount);
        var sink = new Sink();
        var state = new QpackFieldSection(0);
        var bytes = new ReadOnlySequence<byte>(section);
        Assert.AreEqual(QpackReadResult.Blocked, decoder.Read(state, bytes, isLast: true, sink, out long consumed));
        Assert.AreEqual(1, decoder.BlockedCount);
        QpackException tooMany = Assert.ThrowsExactly<QpackException>(
            () => decoder.Read(new QpackFieldSection(4), new ReadOnlySequence<byte>(again), isLast: true, sink, out _));
        Assert.AreEqual(Http3ErrorCode.QpackDecompressionFailed, tooMany.ConnectionError);

        decoder.ReadEncoderStream(new ReadOnlySequence<byte>(_encoderStream.WrittenMemory));
        await state.Progress!.Task.WithTimeout();
        Assert.AreEqual(QpackReadResult.End, decoder.Read(state, bytes.Slice(consumed), isLast: true, sink, out _));
        Assert.AreEqual("authority-like=v :authority=some.host.example", sink.ToString());
        Assert.IsGreaterThan(0, _decoderStream.WrittenCount);
    }

    [TestMethod]
    public void Release_OfASectionThatWaits_WakesItAndTellsThePeer()
    {
        using var encoder = NewEncoder(4096);
        using var decoder = NewDecoder(4096, 1);
        encoder.ApplyPeerSettings(4096, 16);
        byte[] section = Encode(encoder, 8, (":authority", "some.host.example"));
        var state = new QpackFieldSection(8);
        Assert.AreEqual(QpackReadResult.Blocked, decoder.Read(state, new ReadOnlySequence<byte>(section), isLast: true, new Sink(), out _));
        decoder.Release(state, streamWasRead: false);
        Assert.IsTrue(state.Progress!.Task.IsCompletedSuccessfully);
        Assert.AreEqual(0, decoder.BlockedCount);

        // Stream Cancellation of stream 8: 01 and the id in six bits (RFC 9204, section 4.4.2).
        Assert.AreEqual("48", Convert.ToHexString(_decoderStream.WrittenSpan));
        encoder.ReadDecoderStream(new ReadOnlySequence<byte>(_decoderStream.WrittenMemory));
    }

    [TestMethod]
    [DataRow("", Http3ErrorCode.QpackDecompressionFailed, DisplayName = "empty")]
    [DataRow("0000FF", Http3ErrorCode.QpackDecompressionFailed, DisplayName = "cut")]
    [DataRow("0000FF8080808080808080808001", Http3ErrorCode.QpackDecompressionFailed, DisplayName = "integer too large")]
    [DataRow("0000FFFF01", Http3ErrorCode.QpackDecompressionFailed, DisplayName = "static index out of range")]
    [DataRow("000080", Http3ErrorCode.QpackDecompressionFailed, DisplayName = "dynamic index without a table")]
    [DataRow("0500", Http3ErrorCode.QpackDecompressionFailed, DisplayName = "insert count without a table")]
    public void Read_Nonsense_Throws(string hex, Http3ErrorCode expected)
    {
        using var decoder = NewDecoder(0, 0);
        QpackException exception = Assert.ThrowsExactly<QpackException>(() => Decode(decoder, new QpackFieldSection(0), Convert.FromHexString(hex)));
        Assert.AreEqual(expected, exception.ConnectionError);
    }

    [TestMethod]
    public void ReadEncoderStream_TableBeyondTheLimit_Throws()
    {
        using var decoder = NewDecoder(100, 0);

        // Set Dynamic Table Capacity 200: 001 and 31, then 169 (RFC 9204, section 4.3.1).
        QpackException exception = Assert.ThrowsExactly<QpackException>(() => decoder.ReadEncoderStream(new ReadOnlySequence<byte>([0x3f, 0xa9, 0x01])));
        Assert.AreEqual(Http3ErrorCode.QpackEncoderStreamError, exception.ConnectionError);
    }

    [TestMethod]
    public void ReadDecoderStream_AcknowledgementOfNothing_Throws()
    {
        using var encoder = NewEncoder(4096);
        QpackException exception = Assert.ThrowsExactly<QpackException>(() => encoder.ReadDecoderStream(new ReadOnlySequence<byte>([0x01])));
        Assert.AreEqual(Http3ErrorCode.QpackDecoderStreamError, exception.ConnectionError);
    }

    private static byte[] Encode(QpackEncoder encoder, long streamId, params (string Name, string Value)[] fields)
    {
        var buffer = new HeaderFieldBuffer();
        foreach ((string name, string value) in fields)
        {
            buffer.Add(name, value);
        }

        var output = new ArrayBufferWriter<byte>();
        encoder.WriteHeaders(streamId, buffer, output);
        var frame = new ReadOnlySequence<byte>(output.WrittenMemory);
        Assert.IsTrue(Http3Frame.TryReadHeader(ref frame, out long type, out long length));
        Assert.AreEqual(1, type);
        Assert.AreEqual(length, frame.Length);
        return frame.ToArray();
    }

    private static string Decode(QpackDecoder decoder, QpackFieldSection section, byte[] bytes)
    {
        var sink = new Sink();
        Assert.AreEqual(QpackReadResult.End, decoder.Read(section, new ReadOnlySequence<byte>(bytes), isLast: true, sink, out long consumed));
        Assert.AreEqual(bytes.Length, consumed);
        return sink.ToString();
    }

    private int RoundTrip(QpackEncoder encoder, QpackDecoder decoder, long streamId)
    {
        int before = _encoderStream.WrittenCount;
        int acknowledged = _decoderStream.WrittenCount;
        byte[] section = Encode(encoder, streamId, (":authority", "some.host.example"), ("user-agent", "a long name of a client"));
        if (_encoderStream.WrittenCount > before)
        {
            decoder.ReadEncoderStream(new ReadOnlySequence<byte>(_encoderStream.WrittenMemory[before..]));
        }

        Assert.AreEqual(":authority=some.host.example user-agent=a long name of a client", Decode(decoder, new QpackFieldSection(streamId), section));
        encoder.ReadDecoderStream(new ReadOnlySequence<byte>(_decoderStream.WrittenMemory[acknowledged..]));
        return section.Length;
    }

    private QpackEncoder NewEncoder(int capacity) => new(capacity, bytes => _encoderStream.Write(bytes));

    private QpackDecoder NewDecoder(int capacity, int blocked) => new(capacity, blocked, bytes => _decoderStream.Write(bytes));

    private sealed class Sink : IHeaderFieldSink
    {
        private readonly List<string> _fields = [];

        public void OnField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
            _fields.Add($"{Encoding.ASCII.GetString(name)}={Encoding.ASCII.GetString(value)}");

        public override string ToString() => string.Join(' ', _fields);
    }
}
