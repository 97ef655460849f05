using Net.Grpc;
using Net.IntegrationTests.Grpc.Messages;
using Net.Testing;

namespace Net.IntegrationTests.Grpc;

/// <summary>The four interop cases of compression, each for the servers that can tell or do what it asks.</summary>
internal static class CompressionChecks
{
    /// <summary>client_compressed_unary: the server tells whether a request was compressed.</summary>
    internal static async Task ClientUnaryAsync(GrpcClient client)
    {
        SimpleRequest Request(bool expectCompressed) => new()
        {
            ExpectCompressed = new BoolValue { Value = expectCompressed }, ResponseSize = InteropCases.LargeResponse, Payload = InteropCases.Zeros(InteropCases.LargeRequest),
        };
        var compressed = new GrpcCallOptions { Encoding = GrpcEncoding.Gzip };

        // The probe: a server that does not check would let it pass.
        GrpcException probe = await Assert.ThrowsExactlyAsync<GrpcException>(() => client.UnaryAsync(InteropMethods.UnaryCall, Request(true)).WithTimeout());
        SimpleResponse first = await client.UnaryAsync(InteropMethods.UnaryCall, Request(true), compressed).WithTimeout();
        SimpleResponse second = await client.UnaryAsync(
            InteropMethods.UnaryCall, Request(false), compressed with { WriteOptions = new GrpcWriteOptions { NoCompression = true } }).WithTimeout();

        Assert.AreEqual(GrpcStatusCode.InvalidArgument, probe.Code);
        Assert.AreEqual(InteropCases.LargeResponse, first.Payload.Body.Length);
        Assert.AreEqual(InteropCases.LargeResponse, second.Payload.Body.Length);
    }

    /// <summary>client_compressed_streaming: the server tells of each message whether it was compressed.</summary>
    internal static async Task ClientStreamingAsync(GrpcClient client)
    {
        var compressed = new GrpcCallOptions { Encoding = GrpcEncoding.Gzip };
        var plain = new GrpcWriteOptions { NoCompression = true };
        await using (var probe = client.ClientStreaming(InteropMethods.StreamingInputCall))
        {
            GrpcException refused = await Assert.ThrowsExactlyAsync<GrpcException>(async () =>
            {
                await probe.Requests.WriteAsync(new StreamingInputCallRequest { ExpectCompressed = new BoolValue { Value = true }, Payload = InteropCases.Zeros(27_182) }).WithTimeout();
                await probe.CompleteAsync().WithTimeout();
            });
            Assert.AreEqual(GrpcStatusCode.InvalidArgument, refused.Code);
        }

        await using var call = client.ClientStreaming(InteropMethods.StreamingInputCall, compressed);
        await call.Requests.WriteAsync(new StreamingInputCallRequest { ExpectCompressed = new BoolValue { Value = true }, Payload = InteropCases.Zeros(27_182) }).WithTimeout();
        await call.Requests.WriteAsync(new StreamingInputCallRequest { ExpectCompressed = new BoolValue { Value = false }, Payload = InteropCases.Zeros(45_904) }, plain).WithTimeout();

        Assert.AreEqual(73_086, (await call.CompleteAsync().WithTimeout()).Message.AggregatedPayloadSize);
    }

    /// <summary>server_compressed_unary: the server compresses when asked.</summary>
    internal static async Task ServerUnaryAsync(GrpcClient client, bool compressed)
    {
        GrpcUnaryResponse<SimpleResponse> response = await client.UnaryWithMetadataAsync(InteropMethods.UnaryCall, new SimpleRequest
        {
            ResponseCompressed = new BoolValue { Value = compressed }, ResponseSize = InteropCases.LargeResponse, Payload = InteropCases.Zeros(InteropCases.LargeRequest),
        }).WithTimeout();

        Assert.AreEqual(InteropCases.LargeResponse, response.Message.Payload.Body.Length);
        Assert.AreEqual(compressed, response.WasCompressed);
    }

    /// <summary>server_compressed_streaming: the server compresses the messages it is asked to, and those alone.</summary>
    internal static async Task ServerStreamingAsync(GrpcClient client)
    {
        var request = new StreamingOutputCallRequest
        {
            ResponseParameters =
            {
                new ResponseParameters { Compressed = new BoolValue { Value = true }, Size = 31_415 },
                new ResponseParameters { Compressed = new BoolValue { Value = false }, Size = 92_653 },
            },
        };
        await using var call = client.ServerStreaming(InteropMethods.StreamingOutputCall, request);

        StreamingOutputCallResponse? first = await call.Responses.ReadAsync().WithTimeout();
        bool firstCompressed = call.Responses.WasCompressed;
        StreamingOutputCallResponse? second = await call.Responses.ReadAsync().WithTimeout();
        bool secondCompressed = call.Responses.WasCompressed;

        Assert.AreEqual((31_415, true), (first!.Payload.Body.Length, firstCompressed));
        Assert.AreEqual((92_653, false), (second!.Payload.Body.Length, secondCompressed));
        Assert.IsNull(await call.Responses.ReadAsync().WithTimeout());
    }
}
