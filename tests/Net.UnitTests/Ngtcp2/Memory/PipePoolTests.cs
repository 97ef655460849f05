using System.Buffers;
using System.IO.Pipelines;
using Net.Ngtcp2.Memory;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver;

namespace Net.UnitTests.Ngtcp2.Memory;

/// <summary>A pipe goes to another stream only when nobody can reach it through the one before.</summary>
[TestClass]
public sealed class PipePoolTests
{
    [TestMethod]
    public async Task Rent_PipeThatWasReturned_IsThatPipeAsGoodAsNew()
    {
        PipePool pool = NewPool();
        Pipe pipe = pool.Rent();
        await pipe.Writer.WriteAsync(new byte[10]);
        pipe.Writer.Complete(new InvalidOperationException("of the stream before"));
        pipe.Reader.Complete();

        pool.Return(pipe);

        Assert.AreSame(pipe, pool.Rent());
        Assert.IsFalse(pipe.Reader.TryRead(out _));
        pipe.Writer.GetSpan(1)[0] = 7;
        pipe.Writer.Advance(1);
        Assert.IsFalse((await pipe.Writer.FlushAsync()).IsCompleted);
        Assert.IsTrue(pipe.Reader.TryRead(out ReadResult result));
        Assert.AreEqual(7, result.Buffer.FirstSpan[0]);
    }

    [TestMethod]
    public void Return_PipeThatWasWrittenToAfterItsWriterWasCompleted_IsNotKept()
    {
        PipePool pool = NewPool();
        Pipe pipe = pool.Rent();
        pipe.Writer.GetMemory(10);
        pipe.Writer.Complete();
        pipe.Writer.Advance(10);
        pipe.Reader.Complete();

        pool.Return(pipe);

        Assert.AreEqual(0, pool.Kept, "The next stream would send ten bytes that nobody wrote.");
    }

    [TestMethod]
    public async Task Pipes_OfStreamsThatWereDisposedWhileTheyWereWritten_AreAsGoodAsNew()
    {
        var host = new RecordingHost();
        TransportLimits limits = TransportLimits.Default with { StreamSendBuffer = 54_320 };
        PipePool pool = PipePool.ForSending(inline: true, 54_320);
        for (int i = 0; i < 2_000; i++)
        {
            Ngtcp2Stream stream = host.NewStream(limits: limits);
            using var together = new Barrier(2);
            Task writing = Task.Run(() =>
            {
                stream.Output.GetSpan(100);
                together.SignalAndWait();
                try
                {
                    stream.Output.Advance(100);
                }
                catch (InvalidOperationException)
                {
                    // The disposal came first.
                }
            });
            together.SignalAndWait();
            stream.Output.Complete();
            await writing;
            stream.Close(null);
            if (pool.Kept == 0)
            {
                continue;
            }

            Pipe pipe = pool.Rent();
            await pipe.Writer.WriteAsync(new byte[1]);
            Assert.IsTrue(pipe.Reader.TryRead(out ReadResult result));
            Assert.AreEqual(1, result.Buffer.Length, "Bytes that nobody wrote would be sent.");
            pipe.Writer.Complete();
            pipe.Reader.Complete();
            pool.Return(pipe);
        }
    }

    [TestMethod]
    public void Advance_AfterCompletion_IsRefused()
    {
        Ngtcp2Stream stream = new RecordingHost().NewStream();
        stream.Output.GetMemory(10);
        stream.Output.Complete();

        Assert.ThrowsExactly<InvalidOperationException>(() => stream.Output.Advance(10));
    }

    [TestMethod]
    public void Hold_PipeGoesBackOnlyWhenBothEndsAndTheLastCallAreOut()
    {
        PipePool pool = NewPool();
        var hold = new PipeHold(pool);
        hold.Pipe.Writer.Complete();
        hold.Pipe.Reader.Complete();
        Assert.IsTrue(hold.TryEnter());

        hold.Exit();
        hold.Exit();
        Assert.AreEqual(0, pool.Kept);
        Assert.IsTrue(hold.TryEnter());
        hold.Exit();
        Assert.AreEqual(0, pool.Kept);
        hold.Exit();

        Assert.AreEqual(1, pool.Kept);
        Assert.IsFalse(hold.TryEnter());
    }

    [TestMethod]
    public async Task Stream_ThatIsOver_NeitherReadsNorWritesThePipesOfTheNext()
    {
        var host = new RecordingHost();
        TransportLimits limits = TransportLimits.Default with { StreamSendBuffer = 54_321 };
        Ngtcp2Stream old = host.NewStream(limits: limits);
        old.Output.Write("old"u8);
        await old.DisposeAsync();
        old.Close(new TransportException(TransportError.ConnectionLost, "gone"));
        PipePool pool = PipePool.ForSending(inline: true, 54_321);
        Assert.AreEqual(1, pool.Kept);

        Ngtcp2Stream next = host.NewStream(4, limits);
        Assert.AreEqual(0, pool.Kept);
        next.Receive("secret"u8, isEarly: false);
        next.FlushReceived();

        Assert.ThrowsExactly<InvalidOperationException>(() => old.Input.TryRead(out _));
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(async () => await old.Input.ReadAsync());
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(async () => await old.Input.ReadAtLeastAsync(1));
        Assert.ThrowsExactly<InvalidOperationException>(() => old.Output.GetMemory());
        Assert.ThrowsExactly<InvalidOperationException>(() => old.Output.Advance(0));
        old.Input.CancelPendingRead();
        old.Output.CancelPendingFlush();
        Assert.AreEqual(0, old.Output.UnflushedBytes);
        Assert.IsTrue(next.Input.TryRead(out ReadResult result));
        Assert.IsFalse(result.IsCanceled);
        Assert.AreEqual(6, result.Buffer.Length);
    }

    [TestMethod]
    public async Task Flush_ThatStillWaits_EndsWithItsStreamBeforeThePipeIsFree()
    {
        var host = new RecordingHost();
        Ngtcp2Stream stream = host.NewStream(limits: TransportLimits.Default with { StreamSendBuffer = 54_322 });
        PipePool pool = PipePool.ForSending(inline: true, 54_322);
        Task<FlushResult> flush = stream.Output.WriteAsync(new byte[60_000]).AsTask();

        // Against the rules, and what an application does all the same: one thread disposes what another writes to.
        await stream.DisposeAsync();
        Assert.IsFalse(flush.IsCompleted);
        Assert.AreEqual(0, pool.Kept);
        stream.Close(new TransportException(TransportError.ConnectionLost, "gone"));

        Assert.AreEqual(TransportError.ConnectionLost, (await Assert.ThrowsExactlyAsync<TransportException>(() => flush)).Error);
        Assert.AreEqual(1, pool.Kept);
    }

    [TestMethod]
    public void Return_MoreThanAreKept_DropsTheRest()
    {
        PipePool pool = NewPool();
        for (int i = 0; i < 1_100; i++)
        {
            var pipe = new Pipe();
            pipe.Writer.Complete();
            pipe.Reader.Complete();
            pool.Return(pipe);
        }

        Assert.AreEqual(1_024, pool.Kept);
    }

    // A limit that no other test uses makes a pool of its own.
    private static PipePool NewPool() => PipePool.ForSending(inline: true, 1_000_000 + Interlocked.Increment(ref s_pools));

    private static int s_pools;
}
