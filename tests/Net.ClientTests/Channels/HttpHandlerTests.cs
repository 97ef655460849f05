using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Channels;
using Net.Client;
using Net.Grpc;
using Net.Http3;
using Net.Testing;

namespace Net.ClientTests.Channels;

/// <summary>What the handler of a channel makes of requests, answers and failures, over a real pool with sessions that a test makes up.</summary>
[TestClass]
public sealed class HttpHandlerTests : IAsyncDisposable
{
    private static readonly RetryOptions Quick = new() { InitialBackoff = TimeSpan.FromMilliseconds(1), MaxBackoff = TimeSpan.FromMilliseconds(1) };

    private readonly List<FakeHttpRequest> _requests = [];
    private ClientChannel? _channel;

    [TestMethod]
    [DataRow("14", true, 3)]
    [DataRow("14", false, 1)]
    [DataRow("3", true, 1)]
    [DataRow("8", true, 1)]
    public async Task Grpc_TrailersOnly_IsRetriedByStatusAndIdempotency(string status, bool isIdempotent, int expected)
    {
        HttpMessageInvoker invoker = Start((_, _) => TrailersOnly(status));

        using HttpResponseMessage response = await invoker.SendAsync(GrpcRequest(isIdempotent ? Idempotency.NoSideEffects : Idempotency.NonIdempotent), CancellationToken.None).WithTimeout();

        Assert.HasCount(expected, _requests);
        Assert.AreEqual(0, _channel!.GetSnapshot().InFlight);
        for (int i = 0; i < expected; i++)
        {
            _requests[i].Message.Headers.TryGetValues("grpc-previous-rpc-attempts", out IEnumerable<string>? previous);
            Assert.AreEqual(i == 0 ? null : i.ToString(System.Globalization.CultureInfo.InvariantCulture), previous?.Single());
        }
    }

    [TestMethod]
    [DataRow("0", 3)]
    [DataRow("-1", 1)]
    [DataRow("soon", 1)]
    public async Task Grpc_Pushback_IsHonoured(string pushback, int expected)
    {
        HttpMessageInvoker invoker = Start((_, _) => TrailersOnly("14", ("grpc-retry-pushback-ms", pushback)));

        using HttpResponseMessage response = await invoker.SendAsync(GrpcRequest(Idempotency.NoSideEffects), CancellationToken.None).WithTimeout();

        Assert.HasCount(expected, _requests);
    }

    [TestMethod]
    public async Task Grpc_Deadline_IsSharedByTheAttempts()
    {
        HttpMessageInvoker invoker = Start((_, _) => TrailersOnly("14"));
        HttpRequestMessage request = GrpcRequest(Idempotency.NoSideEffects);
        request.Headers.TryAddWithoutValidation("grpc-timeout", "20S");

        using HttpResponseMessage response = await invoker.SendAsync(request, CancellationToken.None).WithTimeout();

        Assert.HasCount(3, _requests);
        long[] left = [.. _requests.Select(static r => Nanoseconds(r.Message.Headers.GetValues("grpc-timeout").Single()))];
        Assert.IsTrue(left[0] <= 20_000_000_000 && left[1] < left[0] && left[2] < left[1], string.Join(", ", left));
    }

    [TestMethod]
    public async Task Grpc_ResponseThatHasBegun_IsNotRetried()
    {
        HttpMessageInvoker invoker = Start((request, _) =>
        {
            var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([]) };
            response.TrailingHeaders.TryAddWithoutValidation("grpc-status", "14");
            request.Observer.OnEnded(null);
            return Task.FromResult(response);
        });

        using HttpResponseMessage response = await invoker.SendAsync(GrpcRequest(Idempotency.NoSideEffects), CancellationToken.None).WithTimeout();

        Assert.HasCount(1, _requests);
    }

    [TestMethod]
    [DataRow(true, 2)]
    [DataRow(false, 1)]
    public async Task Content_ThatCannotBeWrittenAgain_IsNot(bool isReplayable, int expected)
    {
        HttpMessageInvoker invoker = Start((_, _) => Task.FromResult(new HttpResponseMessage(_requests.Count == 1 ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK)));
        using var request = new HttpRequestMessage(HttpMethod.Put, "https://a.test/x")
        {
            Content = isReplayable ? new ByteArrayContent([1]) : new StreamContent(new MemoryStream([1])),
        };

        // Only what failed without an answer shows whether the content is gone.
        _failFirst = true;
        try
        {
            using HttpResponseMessage response = await invoker.SendAsync(request, CancellationToken.None).WithTimeout();
            Assert.IsTrue(isReplayable);
        }
        catch (HttpRequestException)
        {
            Assert.IsFalse(isReplayable);
        }

        Assert.HasCount(expected, _requests);
    }

    [TestMethod]
    [DataRow("https://a.test/x", "1.1", HttpVersionPolicy.RequestVersionExact)]
    [DataRow("http://a.test/x", "3.0", HttpVersionPolicy.RequestVersionOrLower)]
    public async Task Request_ThatNoChannelServes_IsRefusedWithoutAnAttempt(string uri, string version, HttpVersionPolicy policy)
    {
        HttpMessageInvoker invoker = Start((_, _) => Task.FromResult(new HttpResponseMessage()));
        using var request = new HttpRequestMessage(HttpMethod.Get, uri) { Version = new Version(version), VersionPolicy = policy };

        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => invoker.SendAsync(request, CancellationToken.None).WithTimeout());

        Assert.AreEqual(HttpRequestError.VersionNegotiationError, exception.HttpRequestError);
        Assert.HasCount(0, _requests);
    }

    [TestMethod]
    public async Task Trace_OfARequest_TellsLeaseAndAttempts()
    {
        HttpMessageInvoker invoker = Start((request, _) =>
        {
            request.Observer.OnEnded(null);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK));
        });
        var trace = new CallTrace();
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://a.test/x");
        request.Options.Set(ChannelRequestOptions.Trace, trace);

        using HttpResponseMessage response = await invoker.SendAsync(request, CancellationToken.None).WithTimeout();

        CallTraceStepKind[] kinds = [.. trace.Steps.Select(static s => s.Kind)];
        CollectionAssert.Contains(kinds, CallTraceStepKind.Leased, trace.ToString());
        CollectionAssert.Contains(kinds, CallTraceStepKind.Attempt, trace.ToString());
    }

    [TestMethod]
    [DataRow(200, null, null, CallOutcome.Success)]
    [DataRow(200, "0", null, CallOutcome.Success)]
    [DataRow(200, "13", null, CallOutcome.ServerFailure)]
    [DataRow(200, "16", null, CallOutcome.ApplicationFailure)]
    [DataRow(200, "8", null, CallOutcome.Overloaded)]
    [DataRow(200, "4", null, CallOutcome.TimedOut)]
    [DataRow(200, "grpc-none", null, CallOutcome.ServerFailure)]
    [DataRow(200, null, "disposed", CallOutcome.Cancelled)]
    [DataRow(200, null, "lost", CallOutcome.TransportFailure)]
    [DataRow(404, null, "disposed", CallOutcome.ApplicationFailure)]
    [DataRow(429, null, null, CallOutcome.Overloaded)]
    [DataRow(500, null, null, CallOutcome.ServerFailure)]
    [DataRow(501, null, null, CallOutcome.ApplicationFailure)]
    public void OutcomeAtEnd_OfAResponse_IsThatOfItsStatusOrItsEnd(int status, string? grpcStatus, string? end, CallOutcome expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "https://a.test/x") { Content = new ByteArrayContent([]) };
        if (grpcStatus is not null)
        {
            request.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        }

        using var response = new HttpResponseMessage((HttpStatusCode)status);
        if (grpcStatus is not (null or "grpc-none"))
        {
            response.TrailingHeaders.TryAddWithoutValidation("grpc-status", grpcStatus);
        }

        Exception? failure = end switch
        {
            "disposed" => new ObjectDisposedException("response"),
            "lost" => new TransportException(TransportError.ConnectionLost, "lost"),
            _ => null,
        };

        Assert.AreEqual(expected, HttpVerdicts.OutcomeAtEnd(new HttpCall(request, isHedged: false), response, failure));
    }

    public async ValueTask DisposeAsync()
    {
        if (_channel is not null)
        {
            await _channel.DisposeAsync();
        }
    }

    private bool _failFirst;

    private static long Nanoseconds(string timeout) => long.Parse(timeout.AsSpan(0, timeout.Length - 1), System.Globalization.CultureInfo.InvariantCulture) * timeout[^1] switch
    {
        'n' => 1,
        'u' => 1_000,
        'm' => 1_000_000,
        _ => 1_000_000_000L,
    };

    private static HttpRequestMessage GrpcRequest(Idempotency idempotency)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "https://a.test/package.Service/Method") { Content = new ByteArrayContent([0, 0, 0, 0, 0]) };
        request.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        request.Options.Set(ChannelRequestOptions.Idempotency, idempotency);
        return request;
    }

    private Task<HttpResponseMessage> TrailersOnly(string status, params (string Name, string Value)[] more)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK);
        response.Headers.TryAddWithoutValidation("grpc-status", status);
        foreach ((string name, string value) in more)
        {
            response.Headers.TryAddWithoutValidation(name, value);
        }

        _requests[^1].Observer.OnEnded(null);
        return Task.FromResult(response);
    }

    [TestMethod]
    [DataRow("/grpc.health.v1.Health/Check", null, 3)]
    [DataRow("/grpc.health.v1.Health/Check", Idempotency.NonIdempotent, 1)]
    [DataRow("/grpc.health.v1.Health/Other", null, 1)]
    public async Task Grpc_OfAClientThatDoesNotTell_IsRetriedByWhatTheProtoFileSays(string path, Idempotency? said, int attempts)
    {
        HttpMessageInvoker invoker = StartKnowing((_, _) => TrailersOnly("14"));
        var content = new WrittenOnce();
        var request = new HttpRequestMessage(HttpMethod.Post, "https://a.test" + path) { Content = content };
        content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        if (said is Idempotency idempotency)
        {
            request.Options.Set(ChannelRequestOptions.Idempotency, idempotency);
        }

        using HttpResponseMessage response = await invoker.SendAsync(request, CancellationToken.None).WithTimeout();

        Assert.HasCount(attempts, _requests);
        Assert.AreEqual(1, content.Writes, "All attempts send what was serialized once.");
        Assert.IsTrue(_requests.All(attempt => ReferenceEquals(content, attempt.Message.Content)));
    }

    [TestMethod]
    public void MethodIdempotency_OfNoService_SaysSo() =>
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(static () => MethodIdempotency.Of(null!, GrpcHealthMethods.Contract.Service)).Message, "null");

    private HttpMessageInvoker StartKnowing(Func<FakeHttpRequest, CancellationToken, Task<HttpResponseMessage>> answer)
    {
        Start(answer).Dispose();
        return new HttpMessageInvoker(_channel!.CreateHttpHandler(MethodIdempotency.Of(GrpcHealthMethods.Contract.Service)));
    }

    private HttpMessageInvoker Start(Func<FakeHttpRequest, CancellationToken, Task<HttpResponseMessage>> answer)
    {
        var protocol = new FakeHttpProtocol((request, token) =>
        {
            _requests.Add(request);
            if (_failFirst && _requests.Count == 1)
            {
                request.Observer.OnEnded(new TransportException(TransportError.ConnectionLost, "lost"));
                throw new HttpRequestException(HttpRequestError.Unknown, "lost", new TransportException(TransportError.ConnectionLost, "lost"));
            }

            return answer(request, token);
        });
        var pool = new NetChannel(new NetChannelOptions
        {
            EndPoints = [ChannelEndPoint.Parse("https://a.test:443"), ChannelEndPoint.Parse("https://b.test:443")],
            Tls = ClientTlsSource.Fixed(new ClientTlsOptions { ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) }),
            Pool = PoolOptions.Default with { MinConnections = 1 },
            Breaker = null,
            Health = null,
        });
        _channel = new ClientChannel(new ChannelParts
        {
            Pool = pool,
            Runner = new CallRunner(pool),
            Policies = new CallPolicies(new CallPolicy { Retry = Quick }),
            Http = protocol,
            Http2 = protocol,
            Http3Options = Http3ConnectionOptions.Default,
            Streams = protocol,
            Authority = new Uri("https://a.test"),
            Logger = NullLogger.Instance,
        });
        return new HttpMessageInvoker(_channel.CreateHttpHandler());
    }

    /// <summary>Content that its client serializes, once.</summary>
    private sealed class WrittenOnce : HttpContent
    {
        internal int Writes { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            Writes++ == 0 ? stream.WriteAsync((byte[])[0, 0, 0, 0, 1, 7]).AsTask() : throw new InvalidOperationException("It was written already.");

        protected override bool TryComputeLength(out long length)
        {
            length = -1;
            return false;
        }
    }
}
