using Google.Protobuf;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Grpc;
using Net.Protocol.Echo;
using Net.Testing;
using Net.UnitTests.Server;

namespace Net.UnitTests.Grpc;

[TestClass]
public sealed class GrpcServerCallTests
{
    [TestMethod]
    public async Task Unary_OneRequest_AnswersWithStatusInTrailers()
    {
        var exchange = await RequestAsync(new EchoRequest { Payload = "hi" });

        await new ServerCallFixture().ServeUnaryAsync(exchange).WithTimeout();

        Assert.AreEqual("hi", (await exchange.ReadAllAsync(EchoResponse.Parser)).Single().Payload);
        Assert.AreEqual(GrpcStatus.Ok, exchange.Status);
        Assert.IsFalse(exchange.IsTrailersOnly);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(2)]
    public async Task Unary_OtherNumberOfRequests_IsUnimplemented(int count)
    {
        var exchange = await RequestAsync([.. Enumerable.Range(0, count).Select(_ => new EchoRequest())]);

        await new ServerCallFixture { Unary = (_, _) => throw new InvalidOperationException("Must not be called.") }.ServeUnaryAsync(exchange).WithTimeout();

        Assert.AreEqual(GrpcStatusCode.Unimplemented, exchange.Status.Code);
        Assert.IsTrue(exchange.IsTrailersOnly);
    }

    [TestMethod]
    public async Task Unary_HandlerRefuses_SendsStatusDetailsAndTrailersAsTrailersOnly()
    {
        var exchange = await RequestAsync(new EchoRequest());
        GrpcStatus status = new GrpcStatus(GrpcStatusCode.FailedPrecondition, "not 100 % ready\n").WithDetails(new EchoResponse { Payload = "detail" });

        await new ServerCallFixture
        {
            Unary = (_, context) =>
            {
                context.ResponseHeaders.Add("header", "h");
                context.ResponseTrailers.Add("x-trailer", "t");
                throw new GrpcException(status) { Trailers = new GrpcMetadata { { "more-bin", new byte[] { 1 } } } };
            },
        }.ServeUnaryAsync(exchange).WithTimeout();

        Assert.IsTrue(exchange.IsTrailersOnly);
        CollectionAssert.AreEqual(
            new (string, string)[]
            {
                ("header", "h"), ("grpc-status", "9"), ("grpc-message", "not 100 %25 ready%0A"),
                ("grpc-status-details-bin", MetadataBase64.Encode(status.Details.Span)), ("x-trailer", "t"), ("more-bin", "AQ"),
            },
            exchange.Headers);
    }

    [TestMethod]
    [DataRow(false, "The handler failed; the server's log says why.")]
    [DataRow(true, "System.FormatException: secret")]
    public async Task Unary_HandlerThrows_IsUnknownAndTellsOnlyWhereAllowed(bool isDetailed, string message)
    {
        var exchange = await RequestAsync(new EchoRequest());
        var log = new LogRecorder();

        await new ServerCallFixture { Unary = (_, _) => throw new FormatException("secret") }
            .ServeUnaryAsync(exchange, new GrpcServerOptions { EnableDetailedErrors = isDetailed, LoggerFactory = log }).WithTimeout();

        Assert.AreEqual(new GrpcStatus(GrpcStatusCode.Unknown, message), exchange.Status);
        Assert.IsTrue(log.Entries.Any(e => e.Id.Id == 3000 && e.Exception is FormatException));
    }

    [TestMethod]
    public async Task Unary_HandlerReturnsNull_IsUnknown()
    {
        var exchange = await RequestAsync(new EchoRequest());

        await new ServerCallFixture { Unary = (_, _) => ValueTask.FromResult<EchoResponse>(null!) }.ServeUnaryAsync(exchange).WithTimeout();

        Assert.AreEqual(GrpcStatusCode.Unknown, exchange.Status.Code);
    }

    [TestMethod]
    public async Task Unary_UnknownEncoding_IsUnimplementedAndSaysWhatIsAccepted()
    {
        var exchange = await RequestAsync(new EchoRequest());
        exchange.RequestHeaders["grpc-encoding"] = "snappy";

        await new ServerCallFixture().ServeUnaryAsync(exchange).WithTimeout();

        Assert.AreEqual(GrpcStatusCode.Unimplemented, exchange.Status.Code);
        CollectionAssert.Contains(exchange.Headers, ("grpc-accept-encoding", "identity,gzip,deflate"));
    }

    [TestMethod]
    public async Task Unary_CompressedWithoutEncoding_IsInternal()
    {
        var exchange = new MemoryExchange();
        await exchange.SendAsync(new EchoRequest { Payload = "x" }, GrpcEncoding.Gzip);
        exchange.EndRequest();

        await new ServerCallFixture().ServeUnaryAsync(exchange).WithTimeout();

        Assert.AreEqual(GrpcStatusCode.Internal, exchange.Status.Code);
    }

    [TestMethod]
    [DataRow("gzip", true)]
    [DataRow("identity, gzip", true)]
    [DataRow("deflate", false)]
    [DataRow(null, false)]
    public async Task Unary_ResponseEncoding_IsUsedOnlyWhereAccepted(string? accepted, bool isCompressed)
    {
        var exchange = await RequestAsync(new EchoRequest { Payload = "hi" });
        if (accepted is not null)
        {
            exchange.RequestHeaders["grpc-accept-encoding"] = accepted;
        }

        await new ServerCallFixture().ServeUnaryAsync(exchange, new GrpcServerOptions { ResponseEncoding = GrpcEncoding.Gzip }).WithTimeout();

        Assert.AreEqual(isCompressed, exchange.Headers.Contains(("grpc-encoding", "gzip")));
        Assert.AreEqual("hi", (await exchange.ReadAllAsync(EchoResponse.Parser, isCompressed ? GrpcEncoding.Gzip : GrpcEncoding.Identity)).Single().Payload);
    }

    [TestMethod]
    public async Task Unary_TooLargeRequestAndResponse_AreResourceExhausted()
    {
        var large = new EchoRequest { Payload = new string('x', 200) };
        MemoryExchange received = await RequestAsync(large);
        await new ServerCallFixture().ServeUnaryAsync(received, new GrpcServerOptions { MaxReceiveMessageSize = 100 }).WithTimeout();
        MemoryExchange sent = await RequestAsync(large);
        await new ServerCallFixture().ServeUnaryAsync(sent, new GrpcServerOptions { MaxSendMessageSize = 100 }).WithTimeout();

        Assert.AreEqual(GrpcStatusCode.ResourceExhausted, received.Status.Code);
        Assert.AreEqual(GrpcStatusCode.ResourceExhausted, sent.Status.Code);
        Assert.IsEmpty(await sent.ReadAllAsync(EchoResponse.Parser));
    }

    [TestMethod]
    public async Task Context_OfACall_KnowsPeerAuthorityAndMetadata()
    {
        var exchange = await RequestAsync(new EchoRequest());
        exchange.RequestHeaders["x-key"] = "value";
        exchange.RequestHeaders["grpc-timeout"] = "10S";
        var time = new ManualTimeProvider();
        GrpcServerContext? seen = null;

        await new ServerCallFixture
        {
            Unary = (_, context) =>
            {
                seen = context;
                Assert.AreEqual("ipv4:192.0.2.1:50000", context.Peer);
                Assert.AreEqual("server.example:443", context.Authority);
                Assert.AreEqual("value", context.RequestHeaders.Get("x-key"));
                Assert.HasCount(1, context.RequestHeaders);
                Assert.AreEqual(time.GetUtcNow() + TimeSpan.FromSeconds(10), context.Deadline);
                Assert.AreEqual(TimeSpan.FromSeconds(10), context.TimeLeft);
                return ValueTask.FromResult(new EchoResponse());
            },
        }.ServeUnaryAsync(exchange, new GrpcServerOptions { TimeProvider = time }).WithTimeout();

        Assert.IsNotNull(seen);
        Assert.AreEqual(GrpcStatus.Ok, exchange.Status);
        Assert.AreEqual(0, time.ActiveTimers);
    }

    [TestMethod]
    public async Task Interceptors_OfACall_StandAroundItInOrderAndSeeMessages()
    {
        List<string> events = [];
        var exchange = await RequestAsync(new EchoRequest { Payload = "a" });

        await new ServerCallFixture
        {
            Unary = (request, context) =>
            {
                events.Add($"handler {context.Items["who"]}");
                return ValueTask.FromResult(new EchoResponse { Payload = request.Payload });
            },
        }.ServeUnaryAsync(exchange, new GrpcServerOptions { Interceptors = [new Recorder("outer", events), new Recorder("inner", events)] }).WithTimeout();

        Assert.AreEqual(
            "outer begins, inner begins, outer received a, inner received a, handler inner, outer sends a, inner sends a, inner ends, outer ends",
            string.Join(", ", events));
    }

    [TestMethod]
    public async Task Interceptor_ThatRefuses_EndsTheCallBeforeAMessageIsRead()
    {
        var exchange = new MemoryExchange();

        // The request never comes; a call that was refused for its headers does not wait for it.
        await new ServerCallFixture().ServeUnaryAsync(exchange, new GrpcServerOptions { Interceptors = [new Refusal()] }).WithTimeout();

        Assert.AreEqual(GrpcStatusCode.Unauthenticated, exchange.Status.Code);
    }

    [TestMethod]
    public async Task Duplex_Messages_ComeBackOneByOne()
    {
        var exchange = new MemoryExchange();
        Task serving = new ServerCallFixture().ServeDuplexAsync(exchange);
        for (int i = 0; i < 3; i++)
        {
            await exchange.SendAsync(new EchoRequest { Payload = $"{i}" });
            Assert.AreEqual($"{i}", (await exchange.ReadAsync(EchoResponse.Parser)).Payload);
        }

        exchange.EndRequest();
        await serving.WithTimeout();

        Assert.AreEqual(GrpcStatus.Ok, exchange.Status);
    }

    [TestMethod]
    public async Task Duplex_ClientResets_HandlerIsCancelledAndNothingLogged()
    {
        var exchange = new MemoryExchange();
        var log = new LogRecorder();
        var cancelled = new TaskCompletionSource();
        Task serving = new ServerCallFixture
        {
            Duplex = async (requests, _, context) =>
            {
                context.CancellationToken.Register(cancelled.SetResult);
                await requests.ReadAsync();
                await requests.ReadAsync();
            },
        }.ServeDuplexAsync(exchange, new GrpcServerOptions { LoggerFactory = log });
        await exchange.SendAsync(new EchoRequest());
        exchange.Reset();

        await serving.WithTimeout();
        await cancelled.Task.WithTimeout();

        Assert.IsFalse(log.Entries.Any(e => e.Id.Id == 3000));
    }

    [TestMethod]
    public async Task Duplex_TwoWritesAtOnce_SecondIsRefused()
    {
        var exchange = new MemoryExchange();
        InvalidOperationException? refused = null;
        Task serving = new ServerCallFixture
        {
            Duplex = async (_, responses, _) =>
            {
                // Larger than the pipe takes: it waits until the test reads.
                Task first = responses.WriteAsync(new EchoResponse { Payload = new string('x', 2_000) }).AsTask();
                refused = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => responses.WriteAsync(new EchoResponse()).AsTask());
                await first;
            },
        }.ServeDuplexAsync(exchange);
        await exchange.ReadAsync(EchoResponse.Parser);

        await serving.WithTimeout();

        StringAssert.Contains(refused!.Message, "await each write");
        Assert.AreEqual(GrpcStatus.Ok, exchange.Status);
    }

    private static async Task<MemoryExchange> RequestAsync(params EchoRequest[] requests)
    {
        var exchange = new MemoryExchange();
        foreach (EchoRequest request in requests)
        {
            await exchange.SendAsync(request);
        }

        exchange.EndRequest();
        return exchange;
    }

    private sealed class Recorder(string name, List<string> events) : GrpcServerInterceptor
    {
        public override async ValueTask InvokeAsync(GrpcServerContext context, Func<GrpcServerContext, ValueTask> continuation)
        {
            events.Add($"{name} begins");
            context.Items["who"] = name;
            await continuation(context);
            events.Add($"{name} ends");
        }

        public override ValueTask MessageReceivedAsync(GrpcServerContext context, IMessage message)
        {
            events.Add($"{name} received {((EchoRequest)message).Payload}");
            return ValueTask.CompletedTask;
        }

        public override ValueTask MessageSendingAsync(GrpcServerContext context, IMessage message)
        {
            events.Add($"{name} sends {((EchoResponse)message).Payload}");
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Refusal : GrpcServerInterceptor
    {
        public override ValueTask InvokeAsync(GrpcServerContext context, Func<GrpcServerContext, ValueTask> continuation) =>
            throw new GrpcException(GrpcStatusCode.Unauthenticated, "Who are you?");
    }
}
