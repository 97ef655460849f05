using Net.Grpc;
using Net.IntegrationTests.Grpc.Messages;
using Net.Testing;

namespace Net.IntegrationTests.Grpc;

/// <summary>The interop cases with those of compression, for servers that compress and tell what was compressed.</summary>
public abstract class CompressionInteropCases : InteropCases
{
    [TestMethod]
    public async Task ClientCompressedUnary_ProbedAndCompressed_IsNoticed()
    {
        SimpleRequest Request(bool expectCompressed) => new()
        {
            ExpectCompressed = new BoolValue { Value = expectCompressed }, ResponseSize = LargeResponse, Payload = Zeros(LargeRequest),
        };
        var compressed = new GrpcCallOptions { Encoding = GrpcEncoding.Gzip };

        // The probe: a server that does not check would let it pass.
        GrpcException probe = await Assert.ThrowsExactlyAsync<GrpcException>(() => Client.UnaryAsync(InteropMethods.UnaryCall, Request(true)).WithTimeout());
        SimpleResponse first = await Client.UnaryAsync(InteropMethods.UnaryCall, Request(true), compressed).WithTimeout();
        SimpleResponse second = await Client.UnaryAsync(
            InteropMethods.UnaryCall, Request(false), compressed with { WriteOptions = new GrpcWriteOptions { NoCompression = true } }).WithTimeout();

        Assert.AreEqual(GrpcStatusCode.InvalidArgument, probe.Code);
        Assert.AreEqual(LargeResponse, first.Payload.Body.Length);
        Assert.AreEqual(LargeResponse, second.Payload.Body.Length);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task ServerCompressedUnary_Asked_IsCompressedOnTheWire(bool compressed)
    {
        GrpcUnaryResponse<SimpleResponse> response = await Client.UnaryWithMetadataAsync(InteropMethods.UnaryCall, new SimpleRequest
        {
            ResponseCompressed = new BoolValue { Value = compressed }, ResponseSize = LargeResponse, Payload = Zeros(LargeRequest),
        }).WithTimeout();

        Assert.AreEqual(LargeResponse, response.Message.Payload.Body.Length);
        Assert.AreEqual(compressed, response.WasCompressed);
    }

    [TestMethod]
    public async Task ClientCompressedStreaming_ProbedAndMixed_IsNoticed()
    {
        var compressed = new GrpcCallOptions { Encoding = GrpcEncoding.Gzip };
        var plain = new GrpcWriteOptions { NoCompression = true };
        await using (var probe = Client.ClientStreaming(InteropMethods.StreamingInputCall))
        {
            GrpcException refused = await Assert.ThrowsExactlyAsync<GrpcException>(async () =>
            {
                await probe.Requests.WriteAsync(new StreamingInputCallRequest { ExpectCompressed = new BoolValue { Value = true }, Payload = Zeros(27_182) }).WithTimeout();
                await probe.CompleteAsync().WithTimeout();
            });
            Assert.AreEqual(GrpcStatusCode.InvalidArgument, refused.Code);
        }

        await using var call = Client.ClientStreaming(InteropMethods.StreamingInputCall, compressed);
        await call.Requests.WriteAsync(new StreamingInputCallRequest { ExpectCompressed = new BoolValue { Value = true }, Payload = Zeros(27_182) }).WithTimeout();
        await call.Requests.WriteAsync(new StreamingInputCallRequest { ExpectCompressed = new BoolValue { Value = false }, Payload = Zeros(45_904) }, plain).WithTimeout();

        Assert.AreEqual(73_086, (await call.CompleteAsync().WithTimeout()).Message.AggregatedPayloadSize);
    }

    [TestMethod]
    public async Task ServerCompressedStreaming_Mixed_EachAsAsked()
    {
        var request = new StreamingOutputCallRequest
        {
            ResponseParameters =
            {
                new ResponseParameters { Compressed = new BoolValue { Value = true }, Size = 31_415 },
                new ResponseParameters { Compressed = new BoolValue { Value = false }, Size = 92_653 },
            },
        };
        await using var call = Client.ServerStreaming(InteropMethods.StreamingOutputCall, request);

        StreamingOutputCallResponse? first = await call.Responses.ReadAsync().WithTimeout();
        bool firstCompressed = call.Responses.WasCompressed;
        StreamingOutputCallResponse? second = await call.Responses.ReadAsync().WithTimeout();
        bool secondCompressed = call.Responses.WasCompressed;

        Assert.AreEqual((31_415, true), (first!.Payload.Body.Length, firstCompressed));
        Assert.AreEqual((92_653, false), (second!.Payload.Body.Length, secondCompressed));
        Assert.IsNull(await call.Responses.ReadAsync().WithTimeout());
    }
}
