using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Net.Grpc;
using Net.IntegrationTests.Grpc.Messages;
using Net.Testing;

namespace Net.IntegrationTests.Grpc;

/// <summary>What a real transport adds to a call, beside gRPC's interop cases; a subclass says which transport.</summary>
public abstract class WireCases
{
    private protected InteropService Service { get; } = new();

    private protected abstract GrpcClient Client { get; }

    /// <summary>Sends requests that no gRPC client would.</summary>
    private protected abstract HttpMessageInvoker Raw { get; }

    private protected abstract Version HttpVersion { get; }

    [TestMethod]
    public async Task Cancellation_OfADuplexCall_ReachesTheHandler()
    {
        using var cancellation = new CancellationTokenSource();
        await using var call = Client.Duplex(InteropMethods.FullDuplexCall, cancellationToken: cancellation.Token);
        await Service.Started.WithTimeout();
        await cancellation.CancelAsync();

        await Service.Cancelled.WithTimeout();
    }

    [TestMethod]
    public async Task Disposal_OfAStreamThatIsNotReadToItsEnd_ReachesTheHandlerAndEndsTheCallAlone()
    {
        var request = new StreamingOutputCallRequest { ResponseParameters = { Enumerable.Range(0, 1_000).Select(_ => new ResponseParameters { Size = 100_000 }) } };
        await using (GrpcServerStreamingCall<StreamingOutputCallResponse> call = Client.ServerStreaming(InteropMethods.StreamingOutputCall, request))
        {
            Assert.IsNotNull(await call.Responses.ReadAsync().WithTimeout());
        }

        await Service.Cancelled.WithTimeout();
        Assert.AreEqual(new Empty(), await Client.UnaryAsync(InteropMethods.EmptyCall, new Empty()).WithTimeout());
    }

    [TestMethod]
    public async Task Deadline_OfADuplexCall_ReachesTheHandlerAndEndsIt()
    {
        // The handshake has a time of its own, so that the deadline passes in the handler and not before it.
        await Client.UnaryAsync(InteropMethods.EmptyCall, new Empty()).WithTimeout();
        await using var call = Client.Duplex(InteropMethods.FullDuplexCall, new GrpcCallOptions { Timeout = TimeSpan.FromSeconds(5) });
        await Service.Started.WithTimeout();

        GrpcException late = await Assert.ThrowsExactlyAsync<GrpcException>(() => call.Responses.ReadAsync().WithTimeout());
        await Service.Cancelled.WithTimeout();

        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, late.Code);
        Assert.IsTrue(Service.TimesLeft.TryDequeue(out TimeSpan left));
        Assert.IsTrue(left > TimeSpan.Zero && left <= TimeSpan.FromSeconds(5), $"{left}");
    }

    [TestMethod]
    public async Task Deadlines_ManyThatPassOnBothSidesAtOnce_AllEndTheirCalls()
    {
        await Task.WhenAll(Enumerable.Range(1, 200).Select(async i =>
        {
            await using var call = Client.Duplex(InteropMethods.FullDuplexCall, new GrpcCallOptions { Timeout = TimeSpan.FromMilliseconds(10 + (i % 40)) });
            GrpcException late = await Assert.ThrowsExactlyAsync<GrpcException>(async () =>
            {
                while (true)
                {
                    await call.Requests.WriteAsync(new StreamingOutputCallRequest { ResponseParameters = { new ResponseParameters { Size = 100 } } });
                    await call.Responses.ReadAsync();
                }
            });
            Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, late.Code, late.ToString());
        })).WithTimeout();
    }

    [TestMethod]
    public async Task RequestOverTheLimit_WhileItIsStillBeingSent_IsResourceExhausted()
    {
        GrpcException unary = await Assert.ThrowsExactlyAsync<GrpcException>(() =>
            Client.UnaryAsync(InteropMethods.UnaryCall, new SimpleRequest { Payload = Zeros(5 * 1024 * 1024) }).WithTimeout());

        Assert.AreEqual(GrpcStatusCode.ResourceExhausted, unary.Code);
        StringAssert.Contains(unary.Message, "4194304");
    }

    [TestMethod]
    public async Task ResponseOverTheLimit_IsResourceExhaustedAndTheConnectionServesOn()
    {
        GrpcException unary = await Assert.ThrowsExactlyAsync<GrpcException>(() =>
            Client.UnaryAsync(InteropMethods.UnaryCall, new SimpleRequest { ResponseSize = 5 * 1024 * 1024 }).WithTimeout());
        SimpleResponse after = await Client.UnaryAsync(InteropMethods.UnaryCall, new SimpleRequest { ResponseSize = 4 * 1024 * 1024 - 100 }).WithTimeout();

        Assert.AreEqual(GrpcStatusCode.ResourceExhausted, unary.Code);
        Assert.AreEqual(4 * 1024 * 1024 - 100, after.Payload.Body.Length);
    }

    [TestMethod]
    public async Task ManyMessagesBothWays_AtOnce_ComeInOrder()
    {
        await using var call = Client.Duplex(InteropMethods.FullDuplexCall);
        const int count = 500;
        Task writing = Task.Run(async () =>
        {
            for (int i = 1; i <= count; i++)
            {
                await call.Requests.WriteAsync(
                    new StreamingOutputCallRequest { Payload = Zeros(10_000), ResponseParameters = { new ResponseParameters { Size = i } } }, new GrpcWriteOptions { Buffer = i % 3 != 0 });
            }

            await call.CompleteRequestsAsync();
        });
        for (int i = 1; i <= count; i++)
        {
            Assert.AreEqual(i, (await call.Responses.ReadAsync().WithTimeout())!.Payload.Body.Length);
        }

        Assert.IsNull(await call.Responses.ReadAsync().WithTimeout());
        await writing.WithTimeout();
    }

    [TestMethod]
    [DataRow("application/json")]
    [DataRow("application/grpc-web")]
    [DataRow("application/grpcx")]
    public async Task Request_OfAnotherContentType_Gets415(string contentType)
    {
        using HttpResponseMessage response = await SendAsync("/grpc.testing.TestService/EmptyCall", [0, 0, 0, 0, 0], contentType);

        Assert.AreEqual(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [TestMethod]
    [DataRow("application/grpc+proto")]
    [DataRow("application/grpc; charset=utf-8")]
    [DataRow("Application/Grpc")]
    public async Task Request_WithSuffixOrParameters_IsServed(string contentType)
    {
        using HttpResponseMessage response = await SendAsync("/grpc.testing.TestService/EmptyCall", [0, 0, 0, 0, 0], contentType);

        CollectionAssert.AreEqual(new byte[5], await response.Content.ReadAsByteArrayAsync().WithTimeout());
        Assert.AreEqual("0", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [TestMethod]
    [DataRow("/grpc.testing.TestService/emptycall")]
    [DataRow("/grpc.testing.testservice/EmptyCall")]
    [DataRow("/grpc.testing.TestService/Nothing")]
    [DataRow("/no.such.Service/EmptyCall")]
    public async Task Request_ForWhatIsNotThere_IsUnimplementedInTrailersOnly(string path)
    {
        using HttpResponseMessage response = await SendAsync(path, [0, 0, 0, 0, 0]);

        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual("application/grpc", response.Content.Headers.ContentType!.MediaType);
        Assert.AreEqual("12", response.Headers.GetValues("grpc-status").Single());
    }

    [TestMethod]
    public async Task Request_WithUnknownEncoding_IsUnimplementedAndToldWhatIsAccepted()
    {
        using HttpResponseMessage response = await SendAsync("/grpc.testing.TestService/EmptyCall", [1, 0, 0, 0, 1, 9], headers: headers => headers.Add("grpc-encoding", "snappy"));

        Assert.AreEqual("12", response.Headers.GetValues("grpc-status").Single());
        Assert.AreEqual("identity,gzip,deflate", response.Headers.GetValues("grpc-accept-encoding").Single());
    }

    [TestMethod]
    public async Task Request_ThatIsABomb_IsResourceExhausted()
    {
        using var zipped = new MemoryStream();
        await using (var zip = new System.IO.Compression.GZipStream(zipped, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
        {
            await zip.WriteAsync(new SimpleRequest { Payload = Zeros(64 * 1024 * 1024) }.ToByteArray());
        }

        byte[] body = [1, .. BitConverter.GetBytes((uint)zipped.Length).Reverse(), .. zipped.ToArray()];
        using HttpResponseMessage response = await SendAsync("/grpc.testing.TestService/UnaryCall", body, headers: headers => headers.Add("grpc-encoding", "gzip"));

        Assert.AreEqual("8", response.Headers.GetValues("grpc-status").Single());
    }

    [TestMethod]
    public async Task Request_WithHalfAMessage_IsInternal()
    {
        using HttpResponseMessage response = await SendAsync("/grpc.testing.TestService/EmptyCall", [0, 0, 0, 0, 9, 1]);

        Assert.AreEqual("13", response.Headers.GetValues("grpc-status").Single());
    }

    private static Payload Zeros(int size) => new() { Body = UnsafeByteOperations.UnsafeWrap(new byte[size]) };

    private async Task<HttpResponseMessage> SendAsync(string path, byte[] body, string contentType = "application/grpc", Action<HttpRequestHeaders>? headers = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Client.Address, path))
        {
            Version = HttpVersion, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(body),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        headers?.Invoke(request.Headers);
        return await Raw.SendAsync(request, CancellationToken.None).WithTimeout();
    }
}
