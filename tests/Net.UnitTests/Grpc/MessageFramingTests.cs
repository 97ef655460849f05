using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Grpc;
using Net.Protocol.Echo;
using Net.Testing;

namespace Net.UnitTests.Grpc;

[TestClass]
public sealed class MessageFramingTests
{
    private const int Limit = 4 * 1024 * 1024;

    [TestMethod]
    public void Write_Plain_IsFlagLengthAndMessage()
    {
        var output = new ArrayBufferWriter<byte>();

        int written = MessageFraming.Write(output, new EchoRequest { Payload = "hi" }, GrpcEncoding.Identity, Limit);

        CollectionAssert.AreEqual(new byte[] { 0, 0, 0, 0, 4, 0x0a, 2, (byte)'h', (byte)'i' }, output.WrittenSpan.ToArray());
        Assert.AreEqual(9, written);
    }

    [TestMethod]
    [DataRow(GrpcEncoding.Identity)]
    [DataRow(GrpcEncoding.Gzip)]
    [DataRow(GrpcEncoding.Deflate)]
    public async Task ReadAsync_AnyMessagesInAnyPieces_ReadBack(GrpcEncoding encoding)
    {
        Random random = TestSeed.TakeRandom();
        EchoRequest[] messages = [.. Enumerable.Range(0, 30).Select(i => new EchoRequest { Payload = new string((char)('a' + (i % 26)), random.Next(1 << random.Next(1, 17))), Timestamp = i })];
        var bytes = new ArrayBufferWriter<byte>();
        bool[] compressed = [.. messages.Select(_ => random.Next(2) == 0)];
        for (int i = 0; i < messages.Length; i++)
        {
            MessageFraming.Write(bytes, messages[i], compressed[i] ? encoding : GrpcEncoding.Identity, Limit);
        }

        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var source = new MessageSource<EchoRequest>(pipe.Reader, EchoRequest.Parser, Limit) { Encoding = encoding };
        Task writing = WriteInPiecesAsync(pipe.Writer, bytes.WrittenMemory, random);

        for (int i = 0; i < messages.Length; i++)
        {
            Assert.AreEqual(messages[i], await source.ReadAsync(CancellationToken.None).WithTimeout());
            Assert.AreEqual(compressed[i] && encoding != GrpcEncoding.Identity, source.WasCompressed);
        }

        Assert.IsNull(await source.ReadAsync(CancellationToken.None).WithTimeout());
        await writing.WithTimeout();
    }

    [TestMethod]
    public async Task ReadAsync_AnyBytes_EndInAMessageOrAStatus()
    {
        Random random = TestSeed.TakeRandom();
        for (int i = 0; i < 5_000; i++)
        {
            byte[] bytes = new byte[random.Next(64)];
            random.NextBytes(bytes);
            if (bytes.Length > 4 && random.Next(2) == 0)
            {
                // Half of them look like a message, so that the parsers behind the prefix are reached.
                bytes[0] = (byte)random.Next(2);
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(1), (uint)random.Next(bytes.Length));
            }

            var source = new MessageSource<EchoRequest>(PipeReader.Create(new ReadOnlySequence<byte>(bytes)), EchoRequest.Parser, 1_000) { Encoding = (GrpcEncoding)random.Next(3) };
            try
            {
                while (await source.ReadAsync(CancellationToken.None) is not null)
                {
                }
            }
            catch (GrpcException exception)
            {
                Assert.IsTrue(exception.Code is GrpcStatusCode.Internal or GrpcStatusCode.ResourceExhausted, $"{Convert.ToHexString(bytes)}: {exception}");
            }
        }
    }

    [TestMethod]
    public async Task ReadAsync_PrefixOverTheLimit_IsRefusedBeforeTheMessageComes()
    {
        var pipe = new Pipe();
        var source = new MessageSource<EchoRequest>(pipe.Reader, EchoRequest.Parser, 100);
        await pipe.Writer.WriteAsync(new byte[] { 0, 0, 0, 0, 101 });

        GrpcException refused = await Assert.ThrowsExactlyAsync<GrpcException>(() => source.ReadAsync(CancellationToken.None).WithTimeout());

        Assert.AreEqual(GrpcStatusCode.ResourceExhausted, refused.Code);
        StringAssert.Contains(refused.Message, "101");
    }

    [TestMethod]
    public async Task ReadAsync_ExactlyTheLimit_IsRead()
    {
        var message = new EchoRequest { Payload = new string('x', 98) };
        var bytes = new ArrayBufferWriter<byte>();
        MessageFraming.Write(bytes, message, GrpcEncoding.Identity, maxSize: 100);
        var source = new MessageSource<EchoRequest>(PipeReader.Create(new ReadOnlySequence<byte>(bytes.WrittenMemory)), EchoRequest.Parser, maxSize: 100);

        Assert.AreEqual(message, await source.ReadAsync(CancellationToken.None).WithTimeout());
    }

    [TestMethod]
    [DataRow(GrpcEncoding.Gzip)]
    [DataRow(GrpcEncoding.Deflate)]
    public async Task ReadAsync_Bomb_IsStoppedWhileItInflates(GrpcEncoding encoding)
    {
        var bytes = new ArrayBufferWriter<byte>();
        MessageFraming.Write(bytes, new EchoRequest { Payload = new string('x', 64 * 1024 * 1024) }, encoding, maxSize: null);
        var source = new MessageSource<EchoRequest>(PipeReader.Create(new ReadOnlySequence<byte>(bytes.WrittenMemory)), EchoRequest.Parser, Limit) { Encoding = encoding };
        long before = GC.GetAllocatedBytesForCurrentThread();

        GrpcException refused = Assert.ThrowsExactly<GrpcException>(() => source.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult());

        // The pool may have to make the blocks of the allowed 4 MiB; what the bomb would need is 16 times that.
        Assert.IsLessThan(3L * Limit, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.AreEqual(GrpcStatusCode.ResourceExhausted, refused.Code);
        await Task.CompletedTask;
    }

    [TestMethod]
    public void Write_OverTheLimit_WritesNothing()
    {
        var output = new ArrayBufferWriter<byte>();

        GrpcException refused = Assert.ThrowsExactly<GrpcException>(() => MessageFraming.Write(output, new EchoRequest { Payload = "12345678" }, GrpcEncoding.Identity, maxSize: 9));

        Assert.AreEqual(GrpcStatusCode.ResourceExhausted, refused.Code);
        Assert.AreEqual(0, output.WrittenCount);
    }

    [TestMethod]
    [DataRow(new byte[] { 2, 0, 0, 0, 0 })]
    [DataRow(new byte[] { 1, 0, 0, 0, 0 })]
    [DataRow(new byte[] { 0, 0, 0, 0, 2, 0 })]
    [DataRow(new byte[] { 0, 0 })]
    [DataRow(new byte[] { 0, 0, 0, 0, 1, 0xff })]
    public async Task ReadAsync_BrokenStream_IsInternal(byte[] bytes)
    {
        var source = new MessageSource<EchoRequest>(PipeReader.Create(new ReadOnlySequence<byte>(bytes)), EchoRequest.Parser, Limit);

        GrpcException broken = await Assert.ThrowsExactlyAsync<GrpcException>(() => source.ReadAsync(CancellationToken.None).WithTimeout());

        Assert.AreEqual(GrpcStatusCode.Internal, broken.Code);
    }

    [TestMethod]
    [DataRow(GrpcEncoding.Gzip)]
    [DataRow(GrpcEncoding.Deflate)]
    public async Task ReadAsync_TruncatedCompression_IsInternal(GrpcEncoding encoding)
    {
        var bytes = new ArrayBufferWriter<byte>();
        MessageFraming.Write(bytes, new EchoRequest { Payload = "some text that is long enough to be cut" }, encoding, Limit);
        byte[] cut = bytes.WrittenSpan[..^12].ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(cut.AsSpan(1), (uint)(cut.Length - 5));
        var source = new MessageSource<EchoRequest>(PipeReader.Create(new ReadOnlySequence<byte>(cut)), EchoRequest.Parser, Limit) { Encoding = encoding };

        GrpcException broken = await Assert.ThrowsExactlyAsync<GrpcException>(() => source.ReadAsync(CancellationToken.None).WithTimeout());

        Assert.AreEqual(GrpcStatusCode.Internal, broken.Code);
    }

    private static async Task WriteInPiecesAsync(PipeWriter writer, ReadOnlyMemory<byte> bytes, Random random)
    {
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(bytes.Length, random.Next(1, 1 << random.Next(1, 15)));
            await writer.WriteAsync(bytes[..count]);
            bytes = bytes[count..];
        }

        await writer.CompleteAsync();
    }
}
