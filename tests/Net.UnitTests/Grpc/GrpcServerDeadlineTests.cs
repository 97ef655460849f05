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
    public async Task Deadline_WhileAWriteIsHeldBack_EndsTheWriteAtOnceAndTheCallWhenTheClientReadsOn()
    {
        MemoryExchange exchange = Exchange("1S");
        var ended = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task serving = ServeHeldWriteAsync(exchange, ended);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.IsInstanceOfType<OperationCanceledException>(await ended.Task.WithTimeout());
        Assert.IsEmpty(exchange.Trailers);
        await exchange.ReadAsync(EchoResponse.Parser);
        await serving.WithTimeout();

        Assert.AreEqual(GrpcStatusCode.DeadlineExceeded, exchange.Status.Code);
        Assert.IsFalse(exchange.WasAborted);
    }

    [TestMethod]
    public async Task Deadline_WhileAWriteIsHeldBackByAClientThatNeverReads_AbortsTheStreamInTheEnd()
    {
        MemoryExchange exchange = Exchange("1S");
        var ended = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task serving = ServeHeldWriteAsync(exchange, ended);
        _time.Advance(TimeSpan.FromSeconds(1));
        await ended.Task.WithTimeout();
        await _time.WaitForTimersAsync(1).WithTimeout();
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.IsFalse(exchange.WasAborted);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        await serving.WithTimeout();

        Assert.IsTrue(exchange.WasAborted);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Deadline_PassedByTheClockBeforeTheTimer_WhatTheClientsEndDoesToTheStreamIsDeadlineExceeded(bool isLate)
    {
        // The timer counts whole milliseconds, rounded up.
        MemoryExchange exchange = Exchange("1500u");
        Task serving = new ServerCallFixture().ServeDuplexAsync(exchange, Options());
        await exchange.SendBytesAsync([0, 0, 0, 0, 9, 1]);
        _time.Advance(TimeSpan.FromMilliseconds(isLate ? 1.6 : 1.4));
        Assert.IsFalse(serving.IsCompleted);
        exchange.EndRequest();

        await serving.WithTimeout();

        Assert.AreEqual(isLate ? GrpcStatusCode.DeadlineExceeded : GrpcStatusCode.Internal, exchange.Status.Code);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Reset_PassedByTheClockBeforeTheTimer_IsDeadlineExceeded(bool isLate)
    {
        MemoryExchange exchange = Exchange("1500u");
        Task serving = new ServerCallFixture().ServeDuplexAsync(exchange, Options());
        _time.Advance(TimeSpan.FromMilliseconds(isLate ? 1.6 : 1.4));
        exchange.Reset();

        await serving.WithTimeout();

        Assert.AreEqual(isLate ? GrpcStatusCode.DeadlineExceeded : GrpcStatusCode.Cancelled, exchange.Status.Code);
    }

    [TestMethod]
    public async Task Write_HeldBackAndCancelledAlone_LeavesTheCallItsNextMessage()
    {
        MemoryExchange exchange = Exchange("1H");
        using var impatience = new CancellationTokenSource();
        var gaveUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task serving = new ServerCallFixture
        {
            Duplex = async (_, responses, _) =>
            {
                await Assert.ThrowsAsync<OperationCanceledException>(() => responses.WriteAsync(new EchoResponse { Payload = new string('x', 5_000) }, impatience.Token).AsTask());
                gaveUp.SetResult();
                await responses.WriteAsync(new EchoResponse { Payload = "next" });
            },
        }.ServeDuplexAsync(exchange, Options());
        await impatience.CancelAsync();
        await gaveUp.Task.WithTimeout();

        Assert.AreEqual(5_000, (await exchange.ReadAsync(EchoResponse.Parser)).Payload.Length);
        Assert.AreEqual("next", (await exchange.ReadAsync(EchoResponse.Parser)).Payload);

        await serving.WithTimeout();
        Assert.AreEqual(GrpcStatus.Ok, exchange.Status);
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

    private Task ServeHeldWriteAsync(MemoryExchange exchange, TaskCompletionSource<Exception> ended) => new ServerCallFixture
    {
        Duplex = async (_, responses, _) =>
        {
            try
            {
                await responses.WriteAsync(new EchoResponse { Payload = new string('x', 5_000) });
            }
            catch (OperationCanceledException exception)
            {
                ended.SetResult(exception);
                throw;
            }
        },
    }.ServeDuplexAsync(exchange, Options());

    private static MemoryExchange Exchange(string timeout)
    {
        var exchange = new MemoryExchange();
        exchange.RequestHeaders["grpc-timeout"] = timeout;
        return exchange;
    }

    private GrpcServerOptions Options() => new() { TimeProvider = _time };
}
