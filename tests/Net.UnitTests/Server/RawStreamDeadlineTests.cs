using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Net.Client;
using Net.Server;
using Net.Testing;

namespace Net.UnitTests.Server;

[TestClass]
public sealed class RawStreamDeadlineTests
{
    [TestMethod]
    public async Task Deadline_ThatPassesOnTheServer_CancelsTheHandlerAndResetsTheStream()
    {
        var handler = new WaitingHandler();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("wait", handler));
        TransportStream stream = await fixture.OpenBareStreamAsync(HeaderWith(TimeSpan.FromSeconds(2)));
        RawStreamContext context = await handler.Entered.Task.WithTimeout();

        fixture.Time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.IsFalse(context.CancellationToken.IsCancellationRequested);
        Assert.AreEqual(TimeSpan.FromSeconds(0.5), context.RemainingTime);
        fixture.Time.Advance(TimeSpan.FromSeconds(0.5));

        Assert.AreEqual(RawStreamErrorCodes.DeadlineExceeded, (await stream.FailsAsync()).ApplicationErrorCode);
        await handler.Cancelled.Task.WithTimeout();
        Assert.IsEmpty(fixture.Log.Entries.Where(static entry => entry.Level >= LogLevel.Warning));
    }

    [TestMethod]
    public async Task Deadline_ThatPassedAlready_IsRefusedWithoutTheHandler()
    {
        var handler = new WaitingHandler();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("wait", handler));
        TransportStream stream = await fixture.OpenBareStreamAsync(HeaderWith(TimeSpan.Zero));

        Assert.AreEqual(RawStreamErrorCodes.DeadlineExceeded, (await stream.FailsAsync()).ApplicationErrorCode);
        Assert.IsFalse(handler.Entered.Task.IsCompleted);
    }

    [TestMethod]
    public async Task Deadline_LongerThanTheServerAllows_IsCut()
    {
        var handler = new WaitingHandler();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b
            .MapStream("wait", handler)
            .UseRawStreamOptions(new RawStreamServerOptions { MaxDeadline = TimeSpan.FromSeconds(1) }));
        await fixture.OpenBareStreamAsync(HeaderWith(TimeSpan.FromSeconds(60)));
        Assert.AreEqual(TimeSpan.FromSeconds(1), (await handler.Entered.Task.WithTimeout()).RemainingTime);

        handler.Entered = new TaskCompletionSource<RawStreamContext>();
        await fixture.OpenBareStreamAsync(HeaderWith(null));
        Assert.AreEqual(TimeSpan.FromSeconds(1), (await handler.Entered.Task.WithTimeout()).RemainingTime);
    }

    [TestMethod]
    public async Task Deadline_ThatPassesOnTheClient_FailsReadingAndWritingAndStopsTheHandler()
    {
        var handler = new WaitingHandler();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("wait", handler));
        await using RawStream stream = await fixture.Client.OpenAsync("wait", new RawStreamOptions { Deadline = TimeSpan.FromSeconds(2) }).AsTask().WithTimeout();
        await stream.SendAsync("x");
        await handler.Entered.Task.WithTimeout();
        Task<TransportException> reading = stream.FailsAsync();

        fixture.Time.Advance(TimeSpan.FromSeconds(2));

        TransportException exception = await reading;
        Assert.AreEqual(TransportError.DeadlineExceeded, exception.Error);
        Assert.Contains("2000 ms", exception.Message);
        TransportException writing = await Assert.ThrowsExactlyAsync<TransportException>(() => stream.SendAsync("y"));
        Assert.AreEqual(TransportError.DeadlineExceeded, writing.Error);
        await handler.Cancelled.Task.WithTimeout();
    }

    [TestMethod]
    public async Task Deadline_HeaderSentLater_CarriesOnlyWhatIsLeft()
    {
        var handler = new WaitingHandler();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("wait", handler));
        await using RawStream stream = await fixture.Client.OpenAsync("wait", new RawStreamOptions { Deadline = TimeSpan.FromSeconds(10) }).AsTask().WithTimeout();

        fixture.Time.Advance(TimeSpan.FromSeconds(4));
        await stream.SendAsync("x");

        Assert.AreEqual(TimeSpan.FromSeconds(6), (await handler.Entered.Task.WithTimeout()).Header.Deadline);
    }

    [TestMethod]
    public async Task Deadline_WhileWaitingForCredit_FailsAndOpensNothing()
    {
        var handler = new WaitingHandler();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("wait", handler));
        List<TransportStream> all = [];
        while (fixture.Connection.TryOpenStream(StreamDirection.Bidirectional, Idempotency.NonIdempotent, out TransportStream? taken))
        {
            all.Add(taken);
        }

        Task<RawStream> opening = fixture.Client.OpenAsync("wait", new RawStreamOptions { Deadline = TimeSpan.FromSeconds(3) }).AsTask();
        Assert.IsFalse(opening.IsCompleted);
        fixture.Time.Advance(TimeSpan.FromSeconds(3));

        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(() => opening.WithTimeout());
        Assert.AreEqual(TransportError.DeadlineExceeded, exception.Error);
        Assert.IsNotEmpty(all);
    }

    [TestMethod]
    public async Task Cancellation_OfTheCaller_ThrowsItsTokenAndStopsTheHandler()
    {
        var handler = new WaitingHandler();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("wait", handler));
        using var cancellation = new CancellationTokenSource();
        await using RawStream stream = await fixture.Client.OpenAsync("wait", null, cancellation.Token).AsTask().WithTimeout();
        await stream.SendAsync("x");
        RawStreamContext context = await handler.Entered.Task.WithTimeout();
        Task<string> reading = stream.ReceiveAllAsync();

        await cancellation.CancelAsync();

        OperationCanceledException exception = await Assert.ThrowsAsync<OperationCanceledException>(() => reading);
        Assert.AreEqual(cancellation.Token, exception.CancellationToken);
        await handler.Cancelled.Task.WithTimeout();
        TransportException server = await Assert.ThrowsExactlyAsync<TransportException>(async () => await context.Stream.SendCompletion.WithTimeout());
        Assert.AreEqual(RawStreamErrorCodes.Cancelled, server.ApplicationErrorCode);
        Assert.IsEmpty(fixture.Log.Entries.Where(static entry => entry.Level >= LogLevel.Warning));
    }

    [TestMethod]
    public async Task Cancellation_OfOneRead_LeavesTheStreamUsable()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("echo", new EchoHandler()));
        await using RawStream stream = await fixture.Client.OpenAsync("echo").AsTask().WithTimeout();
        using var cancellation = new CancellationTokenSource();
        Task<ReadResult> reading = stream.Input.ReadAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => reading.WithTimeout());

        await stream.SendAsync("still here");

        Assert.AreEqual("still here", await stream.ReceiveAsync(10));
    }

    [TestMethod]
    public async Task Abort_ByTheCaller_CarriesItsCodeAndFailsItsOwnReads()
    {
        var handler = new WaitingHandler();
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(b => b.MapStream("wait", handler));
        await using RawStream stream = await fixture.Client.OpenAsync("wait").AsTask().WithTimeout();
        await stream.SendAsync("x");
        RawStreamContext context = await handler.Entered.Task.WithTimeout();

        stream.Abort(0x155);

        Assert.AreEqual(0x155, (await stream.FailsAsync()).ApplicationErrorCode);
        TransportException server = await Assert.ThrowsExactlyAsync<TransportException>(async () => await context.Stream.SendCompletion.WithTimeout());
        Assert.AreEqual(0x155, server.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Options_OutOfRange_ThrowWithEveryFault()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static b => b.MapStream("echo", new EchoHandler()));
        var options = new RawStreamOptions { Deadline = TimeSpan.Zero, Idempotency = (Idempotency)9 };

        ArgumentException exception = await Assert.ThrowsExactlyAsync<ArgumentException>(async () => await fixture.Client.OpenAsync("echo", options));

        Assert.Contains("RawStreamOptions.Deadline", exception.Message);
        Assert.Contains("RawStreamOptions.Idempotency", exception.Message);
        TransportException tooLarge = await Assert.ThrowsExactlyAsync<TransportException>(
            async () => await fixture.Client.OpenAsync("echo", new RawStreamOptions { Metadata = RawStreamMetadata.Create(("big", new string('x', 9000))) }));
        Assert.AreEqual(TransportError.MessageTooLarge, tooLarge.Error);
    }

    private static byte[] HeaderWith(TimeSpan? deadline)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        RawStreamHeaderWriter.Write(output, new RawStreamHeader("wait") { Deadline = deadline });
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Waits until its token is cancelled, as a handler does that computes or calls others.</summary>
    private sealed class WaitingHandler : IRawStreamHandler
    {
        internal TaskCompletionSource<RawStreamContext> Entered { get; set; } = new();

        internal TaskCompletionSource Cancelled { get; } = new();

        public async Task HandleAsync(RawStreamContext stream)
        {
            var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using CancellationTokenRegistration registration = stream.CancellationToken.UnsafeRegister(static state => ((TaskCompletionSource)state!).SetResult(), cancelled);
            Entered.SetResult(stream);
            await cancelled.Task;
            Cancelled.TrySetResult();
            stream.CancellationToken.ThrowIfCancellationRequested();
        }
    }
}
