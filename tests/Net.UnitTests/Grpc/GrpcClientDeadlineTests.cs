using System.Net.Http;
using Net.Grpc;
using Net.Protocol.Echo;
using Net.Testing;

namespace Net.UnitTests.Grpc;

/// <summary>A call whose deadline has passed says so, whatever its stream died of.</summary>
[TestClass]
public sealed class GrpcClientDeadlineTests
{
    private const long Http2InternalError = 0x2;
    private const long Http3InternalError = 0x102;

    private readonly ManualTimeProvider _time = new();

    public static IEnumerable<object[]> Failures =>
    [
        ["HTTP/3 reset", (Func<Exception>)(static () => new HttpProtocolException(Http3InternalError, "reset", null)), GrpcStatusCode.Internal],
        ["HTTP/2 reset", (Func<Exception>)(static () => new HttpRequestException("failed", new HttpProtocolException(Http2InternalError, "reset", null))), GrpcStatusCode.Internal],
        ["cancelled by the server", (Func<Exception>)(static () => new HttpProtocolException(0x10c, "reset", null)), GrpcStatusCode.Cancelled],
        ["connection lost", (Func<Exception>)(static () => new TransportException(TransportError.ConnectionLost, "lost")), GrpcStatusCode.Unavailable],
        ["protocol broken", (Func<Exception>)(static () => new TransportException(TransportError.ProtocolViolation, "broken")), GrpcStatusCode.Internal],
    ];

    [TestMethod]
    [DynamicData(nameof(Failures))]
    public async Task Failure_BeforeTheHeaders_IsDeadlineExceededOnceThatHasPassed(string what, object failure, GrpcStatusCode early)
    {
        Assert.AreEqual(early, await CodeOfAsync(TimeSpan.FromMilliseconds(500), () => throw ((Func<Exception>)failure)()), what);
        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, await CodeOfAsync(TimeSpan.FromMilliseconds(1_000), () => throw ((Func<Exception>)failure)()), what);

        // A peer whose timer rounds down ends the call less than a millisecond before.
        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, await CodeOfAsync(TimeSpan.FromMilliseconds(999.5), () => throw ((Func<Exception>)failure)()), what);
    }

    [TestMethod]
    public async Task MessageCutShort_IsDeadlineExceededOnceThatHasPassed()
    {
        HttpResponseMessage Cut() => FakeHandler.Answer([0, 0, 0, 0, 9, 1]);

        Assert.AreEqual(GrpcStatusCode.Internal, await CodeOfAsync(TimeSpan.FromMilliseconds(500), Cut));
        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, await CodeOfAsync(TimeSpan.FromMilliseconds(1_000), Cut));
    }

    [TestMethod]
    public async Task StatusOfTheServer_IsToldAlsoAfterTheDeadline() =>
        Assert.AreEqual(
            GrpcStatusCode.DataLoss,
            await CodeOfAsync(TimeSpan.FromMilliseconds(999.5), static () => FakeHandler.Answer(new GrpcStatus(GrpcStatusCode.DataLoss, "lost"))));

    [TestMethod]
    public async Task Write_ThatMeetsAFailureAfterTheDeadline_IsDeadlineExceeded()
    {
        using var broken = new LendingStream();
        using var handler = new FakeHandler(async (request, token) =>
        {
            await request.Content!.CopyToAsync(broken, token);
            throw new InvalidOperationException("Never comes here.");
        });
        using var client = new GrpcClient(new Uri("https://server.example:443"), handler, new GrpcClientOptions { TimeProvider = _time });
        await using var call = client.Duplex(ServerCallFixture.EchoStream, new GrpcCallOptions { Timeout = TimeSpan.FromSeconds(1) });
        await call.Requests.WriteAsync(new EchoRequest { Payload = "a" }).WithTimeout();
        var reset = new TaskCompletionSource();
        broken.Gate = reset.Task;
        Task writing = call.Requests.WriteAsync(new EchoRequest { Payload = "b" }).AsTask();

        _time.Advance(TimeSpan.FromMilliseconds(999.5));
        reset.TrySetException(new TransportException(TransportError.StreamReset, "reset") { ApplicationErrorCode = Http3InternalError });

        GrpcException late = await Assert.ThrowsExactlyAsync<GrpcException>(() => writing.WithTimeout());
        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, late.Code);
    }

    /// <summary>Makes a call with a second's time that ends after some of it.</summary>
    private async Task<GrpcStatusCode> CodeOfAsync(TimeSpan after, Func<HttpResponseMessage> answer)
    {
        using var handler = new FakeHandler((_, _) =>
        {
            _time.Advance(after);
            return Task.FromResult(answer());
        });
        using var client = new GrpcClient(new Uri("https://server.example:443"), handler, new GrpcClientOptions { TimeProvider = _time });
        GrpcException failed = await Assert.ThrowsExactlyAsync<GrpcException>(() =>
            client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest(), new GrpcCallOptions { Timeout = TimeSpan.FromSeconds(1) }).WithTimeout());
        return failed.Code;
    }
}
