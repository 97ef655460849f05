using System.Net;
using System.Net.Http;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Grpc;
using Net.Protocol.Echo;
using Net.Testing;

namespace Net.UnitTests.Grpc;

[TestClass]
public sealed class GrpcClientTests
{
    private static readonly Uri Address = new("https://server.example:443");
    private static readonly HttpRequestOptionsKey<string> Purpose = new("Net.UnitTests.Purpose");

    private readonly ManualTimeProvider _time = new();

    [TestMethod]
    public async Task UnaryAsync_Request_HasTheHeadersOfTheProtocol()
    {
        using var handler = new FakeHandler(async (request, token) =>
        {
            CollectionAssert.AreEqual(new byte[] { 0, 0, 0, 0, 4, 0x0a, 2, (byte)'h', (byte)'i' }, await request.Content!.ReadAsByteArrayAsync(token));
            return FakeHandler.Answer(GrpcStatus.Ok, new EchoResponse { Payload = "ho" });
        });
        using var client = new GrpcClient(Address, handler, new GrpcClientOptions { TimeProvider = _time });

        EchoResponse response = await client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest { Payload = "hi" }, new GrpcCallOptions
        {
            Timeout = TimeSpan.FromSeconds(5), Headers = new GrpcMetadata { { "key", "value" }, { "raw-bin", new byte[] { 1 } } },
        }.With(Purpose, "first").With(Purpose, "test")).WithTimeout();

        HttpRequestMessage request = handler.Requests.Single();
        Assert.AreEqual("ho", response.Payload);
        Assert.AreEqual("https://server.example/echo.EchoService/Echo", request.RequestUri!.ToString());
        Assert.AreEqual(HttpMethod.Post, request.Method);
        Assert.AreEqual("trailers", Header(request, "te"));
        Assert.AreEqual("5000000u", Header(request, "grpc-timeout"));
        Assert.AreEqual("identity,gzip,deflate", Header(request, "grpc-accept-encoding"));
        Assert.IsNull(Header(request, "grpc-encoding"));
        Assert.AreEqual("value", Header(request, "key"));
        Assert.AreEqual("AQ", Header(request, "raw-bin"));
        StringAssert.StartsWith(Header(request, "user-agent"), "grpc-net/");
        Assert.AreEqual("application/grpc", request.Content!.Headers.NonValidated["Content-Type"].ToString());
        Assert.IsTrue(request.Options.TryGetValue(GrpcClient.IdempotencyKey, out Idempotency idempotency));
        Assert.AreEqual(Idempotency.NoSideEffects, idempotency);
        Assert.IsTrue(request.Content is IReplayableContent { IsReplayable: true });
        Assert.IsTrue(request.Options.TryGetValue(Purpose, out string? purpose));
        Assert.AreEqual("test", purpose);
        Assert.AreEqual(0, _time.ActiveTimers);
    }

    [TestMethod]
    public async Task UnaryAsync_TrailersOnly_IsTheStatusWithDetailsAndMetadata()
    {
        GrpcStatus status = new GrpcStatus(GrpcStatusCode.NotFound, "kein Schlüssel").WithDetails(new EchoResponse { Payload = "detail" });
        using GrpcClient client = Client(_ =>
        {
            HttpResponseMessage response = FakeHandler.Answer([]);
            response.Headers.Add("grpc-status", "5");
            response.Headers.Add("grpc-message", PercentEncoding.Encode(status.Message));
            response.Headers.Add("grpc-status-details-bin", Convert.ToBase64String(status.Details.Span));
            response.Headers.Add("extra", "x");
            return response;
        });

        GrpcException failed = await CallAsync(client);

        Assert.AreEqual(status, failed.Status);
        Assert.IsTrue(failed.Status.TryGetDetail(out EchoResponse detail));
        Assert.AreEqual("detail", detail.Payload);
        Assert.AreEqual("x", failed.Trailers.Get("extra"));
        Assert.IsFalse(failed.IsSafeToRetry);
    }

    [TestMethod]
    [DataRow(503, "text/html", GrpcStatusCode.Unavailable)]
    [DataRow(404, "text/html", GrpcStatusCode.Unimplemented)]
    [DataRow(415, null, GrpcStatusCode.Unknown)]
    [DataRow(200, "text/html", GrpcStatusCode.Unknown)]
    [DataRow(200, null, GrpcStatusCode.Unknown)]
    public async Task UnaryAsync_AnswerThatIsNoGrpc_IsMapped(int http, string? contentType, GrpcStatusCode code)
    {
        using GrpcClient client = Client(_ => FakeHandler.Answer([1, 2, 3], (HttpStatusCode)http, contentType));

        Assert.AreEqual(code, (await CallAsync(client)).Code);
    }

    [TestMethod]
    public async Task UnaryAsync_StatusOnAnHttpError_IsTaken()
    {
        using GrpcClient client = Client(_ =>
        {
            HttpResponseMessage response = FakeHandler.Answer([], HttpStatusCode.ServiceUnavailable);
            response.Headers.Add("grpc-status", "7");
            return response;
        });

        Assert.AreEqual(GrpcStatusCode.PermissionDenied, (await CallAsync(client)).Code);
    }

    [TestMethod]
    public async Task UnaryAsync_OddAnswers_HaveTheirStatus()
    {
        var message = new EchoResponse { Payload = "x" };
        (HttpResponseMessage Response, GrpcStatusCode Code)[] cases =
        [
            (FakeHandler.Answer(status: null, message), GrpcStatusCode.Unknown),
            (FakeHandler.Answer(GrpcStatus.Ok), GrpcStatusCode.Unimplemented),
            (FakeHandler.Answer(GrpcStatus.Ok, message, message), GrpcStatusCode.Unimplemented),
            (FakeHandler.Answer(new GrpcStatus(GrpcStatusCode.Aborted), message), GrpcStatusCode.Aborted),
            (FakeHandler.Answer([0, 0, 0, 0, 9, 1]), GrpcStatusCode.Internal),
            (FakeHandler.Answer([0, 0xff, 0xff, 0xff, 0xff]), GrpcStatusCode.ResourceExhausted),
            (FakeHandler.Answer([1, 0, 0, 0, 0]), GrpcStatusCode.Internal),
        ];
        foreach ((HttpResponseMessage response, GrpcStatusCode code) in cases)
        {
            using GrpcClient client = Client(_ => response);
            Assert.AreEqual(code, (await CallAsync(client)).Code);
        }
    }

    [TestMethod]
    public async Task UnaryAsync_UnknownResponseEncoding_IsInternal()
    {
        using GrpcClient client = Client(_ =>
        {
            HttpResponseMessage response = FakeHandler.Answer(GrpcStatus.Ok, new EchoResponse());
            response.Headers.Add("grpc-encoding", "snappy");
            return response;
        });

        Assert.AreEqual(GrpcStatusCode.Internal, (await CallAsync(client)).Code);
    }

    [TestMethod]
    [DataRow(0x10bL, GrpcStatusCode.Unavailable, true)]
    [DataRow(0x10cL, GrpcStatusCode.Cancelled, false)]
    public async Task UnaryAsync_StreamRefused_SaysWhetherAnotherAttemptIsSafe(long error, GrpcStatusCode code, bool isSafe)
    {
        using GrpcClient client = Client(_ => throw new HttpRequestException("failed", new TransportException(TransportError.StreamReset, "reset") { ApplicationErrorCode = error }));

        GrpcException failed = await CallAsync(client);

        Assert.AreEqual((code, isSafe), (failed.Code, failed.IsSafeToRetry));
    }

    [TestMethod]
    public async Task UnaryAsync_DeadlinePasses_CancelsTheRequest()
    {
        var asked = new TaskCompletionSource<CancellationToken>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var handler = Waiting(asked);
        using var client = new GrpcClient(Address, handler, new GrpcClientOptions { TimeProvider = _time });
        Task<EchoResponse> call = client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest(), new GrpcCallOptions { Deadline = _time.GetUtcNow() + TimeSpan.FromSeconds(2) }).AsTask();
        CancellationToken token = await asked.Task.WithTimeout();
        _time.Advance(TimeSpan.FromMilliseconds(1_999));
        Assert.IsFalse(token.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        GrpcException late = await Assert.ThrowsExactlyAsync<GrpcException>(() => call.WithTimeout());

        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, late.Code);
        Assert.AreEqual("2000000u", Header(handler.Requests.Single(), "grpc-timeout"));
    }

    [TestMethod]
    public async Task UnaryAsync_DeadlineHasPassed_SendsNothing()
    {
        using var handler = new FakeHandler((_, _) => throw new InvalidOperationException("Must not be sent."));
        using var client = new GrpcClient(Address, handler, new GrpcClientOptions { TimeProvider = _time });

        GrpcException late = await Assert.ThrowsExactlyAsync<GrpcException>(() =>
            client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest(), new GrpcCallOptions { Deadline = _time.GetUtcNow() }).WithTimeout());

        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, late.Code);
        Assert.IsEmpty(handler.Requests);
    }

    [TestMethod]
    [DataRow(10, null, "10000000u")]
    [DataRow(null, 20, "20000000u")]
    [DataRow(10, 20, "10000000u")]
    [DataRow(20, 10, "10000000u")]
    [DataRow(null, null, "30000000u")]
    public async Task UnaryAsync_TimeoutAndDeadline_TheEarlierHoldsAndTheDefaultIfNone(int? timeout, int? deadline, string header)
    {
        using var handler = new FakeHandler((_, _) => Task.FromResult(FakeHandler.Answer(GrpcStatus.Ok, new EchoResponse())));
        using var client = new GrpcClient(Address, handler, new GrpcClientOptions { TimeProvider = _time, DefaultTimeout = TimeSpan.FromSeconds(30) });

        await client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest(), new GrpcCallOptions
        {
            Timeout = timeout is int t ? TimeSpan.FromSeconds(t) : null,
            Deadline = deadline is int d ? _time.GetUtcNow() + TimeSpan.FromSeconds(d) : null,
        }).WithTimeout();

        Assert.AreEqual(header, Header(handler.Requests.Single(), "grpc-timeout"));
    }

    [TestMethod]
    public async Task UnaryAsync_Cancelled_ThrowsWithTheCallersToken()
    {
        var asked = new TaskCompletionSource<CancellationToken>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var handler = Waiting(asked);
        using var client = new GrpcClient(Address, handler);
        using var cancellation = new CancellationTokenSource();
        Task<EchoResponse> call = client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest(), cancellationToken: cancellation.Token).AsTask();
        await asked.Task.WithTimeout();
        await cancellation.CancelAsync();

        OperationCanceledException cancelled = await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => call.WithTimeout());

        Assert.AreEqual(cancellation.Token, cancelled.CancellationToken);
    }

    [TestMethod]
    public async Task UnaryAsync_RequestOverTheLimit_SendsNothing()
    {
        using var handler = new FakeHandler((_, _) => throw new InvalidOperationException("Must not be sent."));
        using var client = new GrpcClient(Address, handler, new GrpcClientOptions { MaxSendMessageSize = 10 });

        GrpcException refused = await Assert.ThrowsExactlyAsync<GrpcException>(async () =>
            await client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest { Payload = "0123456789" }));

        Assert.AreEqual(GrpcStatusCode.ResourceExhausted, refused.Code);
        Assert.IsEmpty(handler.Requests);
    }

    [TestMethod]
    public async Task Interceptor_ThatTriesAgain_MakesAnotherAttemptWithItsMetadata()
    {
        int attempts = 0;
        using var handler = new FakeHandler((request, _) => ++attempts == 1
            ? throw new HttpRequestException("failed", new TransportException(TransportError.ConnectFailed, "refused"))
            : Task.FromResult(FakeHandler.Answer(GrpcStatus.Ok, new EchoResponse { Payload = Header(request, "grpc-previous-rpc-attempts") })));
        var retry = new RetryOnce();
        using var client = new GrpcClient(Address, handler, new GrpcClientOptions { Interceptors = [retry] });

        EchoResponse response = await client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest()).WithTimeout();

        Assert.AreEqual("1", response.Payload);
        Assert.AreEqual("Unavailable, Ok", string.Join(", ", retry.Seen));
    }

    [TestMethod]
    public async Task Duplex_WrittenAndReadToTheEnd_IsOk()
    {
        using GrpcClient client = EchoingClient();
        await using var call = client.Duplex(ServerCallFixture.EchoStream);
        await call.Requests.WriteAsync(new EchoRequest { Payload = "a" }, new GrpcWriteOptions { Buffer = true }).WithTimeout();
        await call.Requests.WriteAsync(new EchoRequest { Payload = "b" }).WithTimeout();
        await call.CompleteRequestsAsync().WithTimeout();

        Assert.AreEqual("ok", (await call.Responses.ReadAsync().WithTimeout())!.Payload);
        Assert.IsNull(await call.Responses.ReadAsync().WithTimeout());
        Assert.AreEqual(GrpcStatus.Ok, call.Status);
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(async () => await call.Requests.WriteAsync(new EchoRequest()));
    }

    [TestMethod]
    public async Task Duplex_NoConnection_IsToldByEveryOperation()
    {
        using GrpcClient client = Client(_ => throw new HttpRequestException(HttpRequestError.ConnectionError, "refused"));
        await using var call = client.Duplex(ServerCallFixture.EchoStream);

        GrpcException written = await Assert.ThrowsExactlyAsync<GrpcException>(() => call.Requests.WriteAsync(new EchoRequest()).WithTimeout());
        GrpcException read = await Assert.ThrowsExactlyAsync<GrpcException>(() => call.Responses.ReadAsync().WithTimeout());
        GrpcException headers = await Assert.ThrowsExactlyAsync<GrpcException>(() => call.GetHeadersAsync().WithTimeout());

        foreach (GrpcException failed in new[] { written, read, headers })
        {
            Assert.AreEqual((GrpcStatusCode.Unavailable, true), (failed.Code, failed.IsSafeToRetry));
        }
    }

    [TestMethod]
    public async Task Duplex_DisposedWhileOpen_CancelsTheRequest()
    {
        var asked = new TaskCompletionSource<CancellationToken>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var handler = Waiting(asked);
        using var client = new GrpcClient(Address, handler);
        var call = client.Duplex(ServerCallFixture.EchoStream);
        CancellationToken token = await asked.Task.WithTimeout();
        Task<EchoResponse?> reading = call.Responses.ReadAsync().AsTask();
        var cancelled = new TaskCompletionSource();
        token.Register(cancelled.SetResult);

        await call.DisposeAsync().WithTimeout();
        await call.DisposeAsync().WithTimeout();

        await cancelled.Task.WithTimeout();
        Assert.AreEqual(GrpcStatusCode.Cancelled, call.Status!.Code);
        Assert.AreEqual(GrpcStatusCode.Cancelled, (await Assert.ThrowsExactlyAsync<GrpcException>(() => reading.WithTimeout())).Code);
    }

    [TestMethod]
    public async Task Duplex_OneReadCancelled_CancelsTheCallWithThatToken()
    {
        var asked = new TaskCompletionSource<CancellationToken>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var handler = Waiting(asked);
        using var client = new GrpcClient(Address, handler);
        await using var call = client.Duplex(ServerCallFixture.EchoStream);
        using var cancellation = new CancellationTokenSource();
        Task<EchoResponse?> reading = call.Responses.ReadAsync(cancellation.Token).AsTask();
        await asked.Task.WithTimeout();
        await cancellation.CancelAsync();

        OperationCanceledException cancelled = await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => reading.WithTimeout());

        Assert.AreEqual(cancellation.Token, cancelled.CancellationToken);
        await Assert.ThrowsAsync<OperationCanceledException>(() => call.Requests.WriteAsync(new EchoRequest()).WithTimeout());
    }

    [TestMethod]
    [DataRow("ftp://host")]
    [DataRow("https://host/path")]
    [DataRow("https://host/?q")]
    [DataRow("https://user@host")]
    public void Constructor_AddressThatIsNone_IsRefused(string address)
    {
        using var invoker = new HttpMessageInvoker(new FakeHandler((_, _) => throw new InvalidOperationException()));

        Assert.ThrowsExactly<ArgumentException>(() => new GrpcClient(new Uri(address), invoker));
    }

    [TestMethod]
    public void Validate_FaultyOptions_NamesEveryFault()
    {
        ArgumentException client = Assert.ThrowsExactly<ArgumentException>(() => new GrpcClientOptions
        {
            MaxReceiveMessageSize = -1, MaxSendMessageSize = -1, DefaultTimeout = TimeSpan.Zero, Encoding = (GrpcEncoding)9, HttpVersion = HttpVersion.Version11, Interceptors = null!, TimeProvider = null!,
        }.Validate());
        ArgumentException server = Assert.ThrowsExactly<ArgumentException>(() => new GrpcServerOptions
        {
            MaxReceiveMessageSize = -1, MaxSendMessageSize = -1, ResponseEncoding = (GrpcEncoding)9, Interceptors = [null!], TimeProvider = null!,
        }.Validate());

        Assert.HasCount(7, client.Message.Split(Environment.NewLine));
        Assert.HasCount(5, server.Message.Split(Environment.NewLine));
    }

    private static GrpcClient Client(Func<HttpRequestMessage, HttpResponseMessage> answer) =>
        new(Address, new FakeHandler((request, _) => Task.FromResult(answer(request))));

    private static GrpcClient EchoingClient() => new(Address, new FakeHandler(async (request, token) =>
    {
        byte[] body = await request.Content!.ReadAsByteArrayAsync(token);
        Assert.HasCount(16, body);
        return FakeHandler.Answer(GrpcStatus.Ok, new EchoResponse { Payload = "ok" });
    }));

    private static FakeHandler Waiting(TaskCompletionSource<CancellationToken> asked) => new(async (_, token) =>
    {
        asked.SetResult(token);
        await Task.Delay(Timeout.Infinite, token);
        throw new InvalidOperationException("Waited for ever.");
    });

    private static string? Header(HttpRequestMessage request, string name) =>
        request.Headers.NonValidated.TryGetValues(name, out System.Net.Http.Headers.HeaderStringValues values) ? values.ToString() : null;

    private static Task<GrpcException> CallAsync(GrpcClient client) =>
        Assert.ThrowsExactlyAsync<GrpcException>(() => client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest()).WithTimeout());

    private sealed class RetryOnce : GrpcClientInterceptor
    {
        internal List<GrpcStatusCode> Seen { get; } = [];

        public override void Completed(GrpcClientContext context, GrpcStatus status, TimeSpan duration) => Seen.Add(status.Code);

        public override async ValueTask<GrpcUnaryResponse<TResponse>> UnaryAsync<TRequest, TResponse>(
            TRequest request, GrpcClientContext context, Func<TRequest, GrpcClientContext, ValueTask<GrpcUnaryResponse<TResponse>>> continuation)
        {
            try
            {
                return await continuation(request, context);
            }
            catch (GrpcException exception) when (exception.IsSafeToRetry || context.Idempotency != Idempotency.NonIdempotent)
            {
                return await continuation(request, context.WithHeader("grpc-previous-rpc-attempts", "1"));
            }
        }
    }
}
