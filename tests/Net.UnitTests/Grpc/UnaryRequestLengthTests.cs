using System.Buffers.Binary;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Grpc;
using Net.Protocol.Echo;
using Net.Testing;

namespace Net.UnitTests.Grpc;

/// <summary>A request that says its length goes out at once, headers, message and end; one that does not is sent in pieces.</summary>
[TestClass]
public sealed class UnaryRequestLengthTests
{
    private const int MoreThanOneArray = 70_000;

    [TestMethod]
    [DataRow(0)]
    [DataRow(64)]
    [DataRow(MoreThanOneArray)]
    public async Task UnaryAsync_WithoutCompression_AnnouncesExactlyWhatItSends(int payload)
    {
        (long? announced, long sent) = await SendAsync(payload, GrpcEncoding.Identity);

        Assert.AreEqual(sent, announced);
    }

    [TestMethod]
    public async Task UnaryAsync_WithCompression_AnnouncesNothing()
    {
        (long? announced, long sent) = await SendAsync(MoreThanOneArray, GrpcEncoding.Gzip);

        Assert.IsNull(announced);
        Assert.IsLessThan(MoreThanOneArray, sent);
    }

    [TestMethod]
    [DataRow(64)]
    [DataRow(MoreThanOneArray)]
    public async Task UnaryAsync_StreamThatLendsItsMemory_IsWrittenWithoutACopy(int payload)
    {
        using var lent = new LendingStream();
        using var handler = new FakeHandler(async (request, token) =>
        {
            await request.Content!.CopyToAsync(lent, token);
            return FakeHandler.Answer(GrpcStatus.Ok, new EchoResponse());
        });
        using var client = new GrpcClient(new Uri("https://server.example:443"), handler);

        await client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest { Payload = new string('x', payload) }).WithTimeout();

        ReadOnlySpan<byte> frame = lent.Written.WrittenSpan;
        Assert.AreEqual(0, frame[0]);
        Assert.AreEqual(frame.Length - 5, BinaryPrimitives.ReadInt32BigEndian(frame[1..]));
        Assert.AreEqual(payload, EchoRequest.Parser.ParseFrom(frame[5..]).Payload.Length);
    }

    private static async Task<(long? Announced, long Sent)> SendAsync(int payload, GrpcEncoding encoding)
    {
        long? announced = null;
        long sent = 0;
        using var handler = new FakeHandler(async (request, token) =>
        {
            // Read before the content is buffered, which would make its length known.
            announced = request.Content!.Headers.ContentLength;
            using var body = new MemoryStream();
            await request.Content.CopyToAsync(body, token);
            sent = body.Length;
            return FakeHandler.Answer(GrpcStatus.Ok, new EchoResponse());
        });
        using var client = new GrpcClient(new Uri("https://server.example:443"), handler, new GrpcClientOptions { Encoding = encoding });
        await client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest { Payload = new string('x', payload) }).WithTimeout();
        return (announced, sent);
    }
}
