using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Grpc;
using Net.Protocol.Echo;
using Net.Testing;

namespace Net.UnitTests.Grpc;

[TestClass]
public sealed class GrpcServerDeadlineTests
{
    private readonly ManualTimeProvider _time = new();

    [TestMethod]
    public async Task Deadline_HandlerHeedsItsToken_IsDeadlineExceeded()
    {
        MemoryExchange exchange = Exchange("1S");
        Task serving = new ServerCallFixture { Duplex = async (_, _, context) => await Task.Delay(Timeout.Infinite, context.CancellationToken) }.ServeDuplexAsync(exchange, Options());
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.IsFalse(serving.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        await serving.WithTimeout();

        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, exchange.Status.Code);
        Assert.IsTrue(exchange.IsTrailersOnly);
    }

    [TestMethod]
    public async Task Deadline_HandlerIgnoresItsToken_ClientIsAnsweredAllTheSame()
    {
        MemoryExchange exchange = Exchange("1S");
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Exception? late = null;
        Task serving = new ServerCallFixture
        {
            Duplex = async (_, responses, _) =>
            {
                await responses.WriteAsync(new EchoResponse { Payload = "early" });
                await release.Task;
                late = await Assert.ThrowsAsync<OperationCanceledException>(() => responses.WriteAsync(new EchoResponse { Payload = "late" }).AsTask());
            },
        }.ServeDuplexAsync(exchange, Options());
        Assert.AreEqual("early", (await exchange.ReadAsync(EchoResponse.Parser)).Payload);
        _time.Advance(TimeSpan.FromSeconds(1));
        await exchange.CompletedEarly.WithTimeout();
        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, exchange.Status.Code);
        Assert.IsFalse(serving.IsCompleted);
        release.SetResult();

        await serving.WithTimeout();

        Assert.IsNotNull(late);
        Assert.AreEqual(1, exchange.Trailers.Count(t => t.Name == "grpc-status"));
        Assert.IsEmpty(await exchange.ReadAllAsync(EchoResponse.Parser));
    }

    [TestMethod]
    public async Task Deadline_WhileAWriteIsHeldBack_EndsTheWriteAndThenTheCall()
    {
        MemoryExchange exchange = Exchange("1S");
        Task serving = new ServerCallFixture
        {
            Duplex = async (_, responses, _) => await responses.WriteAsync(new EchoResponse { Payload = new string('x', 5_000) }),
        }.ServeDuplexAsync(exchange, Options());
        Assert.IsFalse(serving.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        await serving.WithTimeout();

        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, exchange.Status.Code);
    }

    [TestMethod]
    public async Task Deadline_WhileARequestIsAwaited_EndsTheRead()
    {
        MemoryExchange exchange = Exchange("250m");
        Task serving = new ServerCallFixture().ServeUnaryAsync(exchange, Options());
        _time.Advance(TimeSpan.FromMilliseconds(250));

        await serving.WithTimeout();

        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, exchange.Status.Code);
    }

    [TestMethod]
    public async Task Deadline_ThatHasPassedAlready_HandlerIsNotCalled()
    {
        MemoryExchange exchange = Exchange("0n");

        await new ServerCallFixture { Duplex = (_, _, _) => throw new InvalidOperationException("Must not be called.") }.ServeDuplexAsync(exchange, Options()).WithTimeout();

        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, exchange.Status.Code);
    }

    [TestMethod]
    [DataRow("99999999H")]
    [DataRow("2000H")]
    public async Task Deadline_BeyondWhatTimersTake_IsToldButNotEnforced(string timeout)
    {
        MemoryExchange exchange = Exchange(timeout);
        DateTimeOffset? deadline = null;
        exchange.EndRequest();

        await new ServerCallFixture
        {
            Duplex = (_, _, context) =>
            {
                deadline = context.Deadline;
                return ValueTask.CompletedTask;
            },
        }.ServeDuplexAsync(exchange, Options()).WithTimeout();

        Assert.IsGreaterThan(_time.GetUtcNow() + TimeSpan.FromDays(50), deadline!.Value);
        Assert.AreEqual(GrpcStatus.Ok, exchange.Status);
    }

    [TestMethod]
    [DataRow("1")]
    [DataRow("123456789S")]
    [DataRow("x")]
    public async Task Deadline_Malformed_IsInternal(string timeout)
    {
        MemoryExchange exchange = Exchange(timeout);

        await new ServerCallFixture().ServeDuplexAsync(exchange, Options()).WithTimeout();

        Assert.AreEqual(GrpcStatusCode.Internal, exchange.Status.Code);
    }

    private static MemoryExchange Exchange(string timeout)
    {
        var exchange = new MemoryExchange();
        exchange.RequestHeaders["grpc-timeout"] = timeout;
        return exchange;
    }

    private GrpcServerOptions Options() => new() { TimeProvider = _time };
}
