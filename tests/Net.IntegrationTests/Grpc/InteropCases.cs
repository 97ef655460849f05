using Google.Protobuf;
using Net.Grpc;
using Net.IntegrationTests.Grpc.Messages;
using Net.Testing;

namespace Net.IntegrationTests.Grpc;

/// <summary>gRPC's own interop cases that need no cloud credentials, as our client makes them, but for compression; a subclass says what with.</summary>
public abstract class InteropCases
{
    internal const int LargeRequest = 271_828;
    internal const int LargeResponse = 314_159;
    private static readonly int[] RequestSizes = [27_182, 8, 1_828, 45_904];
    private static readonly int[] ResponseSizes = [31_415, 9, 2_653, 58_979];

    /// <summary>A client of a server that has the interop service.</summary>
    protected abstract GrpcClient Client { get; }

    [TestMethod]
    public async Task EmptyUnary_Called_AnswersEmpty() =>
        Assert.AreEqual(new Empty(), await Client.UnaryAsync(InteropMethods.EmptyCall, new Empty()).WithTimeout());

    [TestMethod]
    public async Task LargeUnary_Called_AnswersAsLargeAsAsked() => await LargeUnaryAsync();

    [TestMethod]
    public async Task ClientStreaming_FourRequests_AreAddedUp()
    {
        await using GrpcClientStreamingCall<StreamingInputCallRequest, StreamingInputCallResponse> call = Client.ClientStreaming(InteropMethods.StreamingInputCall);
        foreach (int size in RequestSizes)
        {
            await call.Requests.WriteAsync(new StreamingInputCallRequest { Payload = Zeros(size) }).WithTimeout();
        }

        Assert.AreEqual(RequestSizes.Sum(), (await call.CompleteAsync().WithTimeout()).Message.AggregatedPayloadSize);
    }

    [TestMethod]
    public async Task ServerStreaming_FourResponses_ComeInOrder()
    {
        var request = new StreamingOutputCallRequest { ResponseParameters = { ResponseSizes.Select(size => new ResponseParameters { Size = size }) } };
        await using GrpcServerStreamingCall<StreamingOutputCallResponse> call = Client.ServerStreaming(InteropMethods.StreamingOutputCall, request);
        List<int> sizes = [];
        while (await call.Responses.ReadAsync().WithTimeout() is { } response)
        {
            sizes.Add(response.Payload.Body.Length);
        }

        CollectionAssert.AreEqual(ResponseSizes, sizes);
        Assert.AreEqual(GrpcStatusCode.Ok, call.Status!.Code);
    }

    [TestMethod]
    public async Task PingPong_FourTimes_EachAnswerBeforeTheNextRequest()
    {
        await using GrpcDuplexCall<StreamingOutputCallRequest, StreamingOutputCallResponse> call = Client.Duplex(InteropMethods.FullDuplexCall);
        foreach ((int request, int response) in RequestSizes.Zip(ResponseSizes))
        {
            await call.Requests.WriteAsync(Ask(response, request)).WithTimeout();
            StreamingOutputCallResponse? answer = await call.Responses.ReadAsync().WithTimeout();
            Assert.AreEqual(response, answer!.Payload.Body.Length);
        }

        await call.CompleteRequestsAsync().WithTimeout();
        Assert.IsNull(await call.Responses.ReadAsync().WithTimeout());
        Assert.AreEqual(GrpcStatusCode.Ok, call.Status!.Code);
    }

    [TestMethod]
    public async Task EmptyStream_NoRequest_EndsWithOk()
    {
        await using var call = Client.Duplex(InteropMethods.FullDuplexCall);
        await call.CompleteRequestsAsync().WithTimeout();

        Assert.IsNull(await call.Responses.ReadAsync().WithTimeout());
        Assert.AreEqual(GrpcStatusCode.Ok, call.Status!.Code);
    }

    [TestMethod]
    public async Task CustomMetadata_Unary_ComesBackInHeadersAndTrailers()
    {
        GrpcUnaryResponse<SimpleResponse> response = await Client.UnaryWithMetadataAsync(
            InteropMethods.UnaryCall, new SimpleRequest { ResponseSize = LargeResponse, Payload = Zeros(LargeRequest) }, CustomMetadata()).WithTimeout();

        AssertMetadata(response.Headers, response.Trailers);
    }

    [TestMethod]
    public async Task CustomMetadata_Duplex_ComesBackInHeadersAndTrailers()
    {
        await using var call = Client.Duplex(InteropMethods.FullDuplexCall, CustomMetadata());
        await call.Requests.WriteAsync(Ask(LargeResponse, LargeRequest)).WithTimeout();
        GrpcMetadata headers = await call.GetHeadersAsync().WithTimeout();
        Assert.IsNotNull(await call.Responses.ReadAsync().WithTimeout());
        await call.CompleteRequestsAsync().WithTimeout();
        Assert.IsNull(await call.Responses.ReadAsync().WithTimeout());

        AssertMetadata(headers, call.Trailers);
    }

    [TestMethod]
    [DataRow("test status message")]
    [DataRow("\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n")]
    public async Task StatusCodeAndMessage_UnaryAndDuplex_AreWhatTheServerSaid(string message)
    {
        var status = new EchoStatus { Code = 2, Message = message };
        GrpcException unary = await Assert.ThrowsExactlyAsync<GrpcException>(() =>
            Client.UnaryAsync(InteropMethods.UnaryCall, new SimpleRequest { ResponseStatus = status }).WithTimeout());
        await using var call = Client.Duplex(InteropMethods.FullDuplexCall);
        await call.Requests.WriteAsync(new StreamingOutputCallRequest { ResponseStatus = status }).WithTimeout();
        GrpcException duplex = await Assert.ThrowsExactlyAsync<GrpcException>(() => call.Responses.ReadAsync().WithTimeout());

        Assert.AreEqual(new GrpcStatus(GrpcStatusCode.Unknown, message), unary.Status);
        Assert.AreEqual(new GrpcStatus(GrpcStatusCode.Unknown, message), duplex.Status);
    }

    [TestMethod]
    public async Task UnimplementedMethod_Called_IsUnimplemented()
    {
        GrpcException refused = await Assert.ThrowsExactlyAsync<GrpcException>(() => Client.UnaryAsync(InteropMethods.UnimplementedCall, new Empty()).WithTimeout());

        Assert.AreEqual(GrpcStatusCode.Unimplemented, refused.Code);
    }

    [TestMethod]
    public async Task UnimplementedService_Called_IsUnimplemented()
    {
        GrpcException refused = await Assert.ThrowsExactlyAsync<GrpcException>(() => Client.UnaryAsync(InteropMethods.UnimplementedServiceCall, new Empty()).WithTimeout());

        Assert.AreEqual(GrpcStatusCode.Unimplemented, refused.Code);
    }

    [TestMethod]
    public async Task CancelAfterBegin_BeforeAnyRequest_EndsAsCancelled()
    {
        using var cancellation = new CancellationTokenSource();
        await using var call = Client.ClientStreaming(InteropMethods.StreamingInputCall, cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();

        OperationCanceledException cancelled = await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => call.CompleteAsync().WithTimeout());
        Assert.AreEqual(cancellation.Token, cancelled.CancellationToken);
        Assert.AreEqual(GrpcStatusCode.Cancelled, call.Status!.Code);
    }

    [TestMethod]
    public async Task CancelAfterFirstResponse_InPingPong_EndsAsCancelled()
    {
        using var cancellation = new CancellationTokenSource();
        await using var call = Client.Duplex(InteropMethods.FullDuplexCall, cancellationToken: cancellation.Token);
        await call.Requests.WriteAsync(Ask(31_415, 27_182)).WithTimeout();
        Assert.IsNotNull(await call.Responses.ReadAsync().WithTimeout());
        await cancellation.CancelAsync();

        OperationCanceledException cancelled = await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => call.Responses.ReadAsync().WithTimeout());
        Assert.AreEqual(cancellation.Token, cancelled.CancellationToken);
        Assert.AreEqual(GrpcStatusCode.Cancelled, call.Status!.Code);
    }

    [TestMethod]
    public async Task TimeoutOnSleepingServer_ShortDeadline_IsDeadlineExceeded()
    {
        await using var call = Client.Duplex(InteropMethods.FullDuplexCall, new GrpcCallOptions { Timeout = TimeSpan.FromMilliseconds(1) });
        GrpcException late = await Assert.ThrowsExactlyAsync<GrpcException>(async () =>
        {
            await call.Requests.WriteAsync(new StreamingOutputCallRequest
            {
                Payload = Zeros(27_182), ResponseParameters = { new ResponseParameters { Size = 31_415, IntervalUs = 60_000_000 } },
            }).WithTimeout();
            await call.Responses.ReadAsync().WithTimeout();
        });

        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, late.Code);
    }

    [TestMethod]
    public async Task ConcurrentLargeUnary_ManyAtOnce_AllAnswered() =>
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => LargeUnaryAsync())).WithTimeout();

    internal static Payload Zeros(int size) => new() { Body = UnsafeByteOperations.UnsafeWrap(new byte[size]) };

    private static StreamingOutputCallRequest Ask(int response, int request) => new()
    {
        Payload = Zeros(request), ResponseParameters = { new ResponseParameters { Size = response } },
    };

    private static GrpcCallOptions CustomMetadata() => new()
    {
        Headers = new GrpcMetadata { { InteropService.EchoInitial, "test_initial_metadata_value" }, { InteropService.EchoTrailing, new byte[] { 0xab, 0xab, 0xab } } },
    };

    private static void AssertMetadata(GrpcMetadata headers, GrpcMetadata trailers)
    {
        Assert.AreEqual("test_initial_metadata_value", headers.Get(InteropService.EchoInitial));
        Assert.IsTrue(trailers.TryGetBytes(InteropService.EchoTrailing, out ReadOnlyMemory<byte> bytes));
        CollectionAssert.AreEqual(new byte[] { 0xab, 0xab, 0xab }, bytes.ToArray());
    }

    private async Task LargeUnaryAsync()
    {
        SimpleResponse response = await Client.UnaryAsync(InteropMethods.UnaryCall, new SimpleRequest { ResponseSize = LargeResponse, Payload = Zeros(LargeRequest) }).WithTimeout();

        Assert.AreEqual(Zeros(LargeResponse), response.Payload);
    }
}
