using System.Buffers;
using System.IO.Pipelines;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Streams;
using Net.Testing;
using Net.UnitTests.Ngtcp2.Driver;

namespace Net.UnitTests.Ngtcp2.Streams;

/// <summary>The application's end of what is sent, with a library that takes bytes and acknowledges them as it likes.</summary>
[TestClass]
public sealed unsafe class StreamOutputTests
{
    private const int SendBuffer = 16 << 10;
    private const int MaxVectors = 8;
    private readonly RecordingHost _host = new();

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Flush_ManyTimes_PostsOnce()
    {
        Ngtcp2Stream stream = NewStream();
        for (int i = 0; i < 100; i++)
        {
            Assert.IsTrue(stream.Output.WriteAsync(new byte[10]).AsTask().IsCompletedSuccessfully);
        }

        Assert.HasCount(1, _host.Posted);
    }

    [TestMethod]
    public void Write_WithoutFlush_IsNotSent()
    {
        Ngtcp2Stream stream = NewStream();
        stream.Output.GetMemory(100);
        stream.Output.Advance(100);
        Assert.IsTrue(stream.Output.CanGetUnflushedBytes);
        Assert.AreEqual(100, stream.Output.UnflushedBytes);
        Assert.IsFalse(stream.BeginSend());
        Assert.IsEmpty(_host.Posted);
    }

    [TestMethod]
    public void Flush_BeyondTheSendBuffer_WaitsForAcknowledgements()
    {
        Ngtcp2Stream stream = NewStream();
        Task<FlushResult> flush = stream.Output.WriteAsync(new byte[SendBuffer]).AsTask();
        Assert.IsFalse(flush.IsCompleted);
        Assert.AreEqual(SendBuffer, Take(stream, int.MaxValue, out _));
        Assert.IsFalse(flush.IsCompleted, "Sent is not acknowledged.");
        Acknowledge(stream, SendBuffer / 2);
        Assert.IsFalse(flush.IsCompleted, "More than a third is unacknowledged.");
        Acknowledge(stream, (SendBuffer * 2 / 3) + 2);
        Assert.IsTrue(flush.IsCompletedSuccessfully);
    }

    [TestMethod]
    public void Flush_BeyondTheUnsentBuffer_WaitsForSendingOnly()
    {
        Ngtcp2Stream stream = NewStream(4 * SendBuffer, SendBuffer);
        Task<FlushResult> flush = stream.Output.WriteAsync(new byte[SendBuffer + 100]).AsTask();
        Assert.IsFalse(flush.IsCompleted);
        Take(stream, SendBuffer / 2, out _);
        Assert.IsFalse(flush.IsCompleted, "More than a third is unsent.");
        Take(stream, SendBuffer / 3, out _);
        Assert.IsTrue(flush.IsCompletedSuccessfully);
    }

    [TestMethod]
    public void Flush_NothingIsAcknowledged_WaitsAtTheSendBufferHoweverMuchIsSent()
    {
        const int piece = 1000;
        Ngtcp2Stream stream = NewStream(4 * SendBuffer, SendBuffer);
        int written = 0;
        Task<FlushResult> flush;
        do
        {
            flush = stream.Output.WriteAsync(new byte[piece]).AsTask();
            written += piece;
            Take(stream, int.MaxValue, out _);
        }
        while (flush.IsCompleted && written < 100 * SendBuffer);

        Assert.IsInRange((4 * SendBuffer) - SendBuffer, (4 * SendBuffer) + piece, written);
        Acknowledge(stream, 2 * SendBuffer);
        Assert.IsTrue(flush.IsCompletedSuccessfully);
    }

    [TestMethod]
    public void FreeAcknowledged_AllIsSentAndNoted_StillFreesWhatIsAcknowledged()
    {
        Ngtcp2Stream stream = NewStream(4 * SendBuffer, SendBuffer);
        Task<FlushResult> flush = stream.Output.WriteAsync(new byte[2 * SendBuffer]).AsTask();
        Take(stream, int.MaxValue, out _);
        Take(stream, int.MaxValue, out _);
        Assert.IsTrue(flush.IsCompletedSuccessfully);
        Acknowledge(stream, 2 * SendBuffer);
        Assert.IsTrue(stream.Output.WriteAsync(new byte[SendBuffer - 1]).AsTask().IsCompletedSuccessfully, "The whole limit is free again.");
        stream.Output.Complete();
        Assert.AreEqual(SendBuffer - 1, Take(stream, int.MaxValue, out _));
        Acknowledge(stream, (3 * SendBuffer) - 1);
        Assert.IsTrue(stream.SendCompletion.IsCompletedSuccessfully);
    }

    [TestMethod]
    public void Flush_Waiting_IsWokenByAFailureAndThrowsIt()
    {
        Ngtcp2Stream stream = NewStream();
        Task<FlushResult> flush = stream.Output.WriteAsync(new byte[SendBuffer]).AsTask();
        stream.StopSend(new TransportException(TransportError.StreamReset, "stop") { ApplicationErrorCode = 3 });
        Assert.AreEqual(3, Assert.ThrowsExactly<TransportException>(() => flush.GetAwaiter().GetResult()).ApplicationErrorCode);
        Assert.AreEqual(3, Assert.ThrowsExactly<TransportException>(() => stream.Output.FlushAsync().AsTask().GetAwaiter().GetResult()).ApplicationErrorCode);
        Assert.AreEqual(3, ((TransportException)stream.SendCompletion.Exception!.InnerException!).ApplicationErrorCode);
    }

    [TestMethod]
    public void Write_WhileAFlushWaits_IsRefusedAndHarmsNothing()
    {
        Ngtcp2Stream stream = NewStream();
        Task<FlushResult> flush = stream.Output.WriteAsync(new byte[SendBuffer]).AsTask();
        Assert.IsFalse(flush.IsCompleted);
        Assert.ThrowsExactly<InvalidOperationException>(() => stream.Output.FlushAsync().AsTask().GetAwaiter().GetResult());
        Assert.ThrowsExactly<InvalidOperationException>(() => stream.Output.WriteAsync(new byte[1]).AsTask().GetAwaiter().GetResult());
        Assert.AreEqual(SendBuffer, Take(stream, int.MaxValue, out _), "What was refused is not sent.");
        Acknowledge(stream, SendBuffer);
        Assert.IsTrue(flush.IsCompletedSuccessfully);
        Assert.IsTrue(stream.Output.WriteAsync(new byte[1]).AsTask().IsCompletedSuccessfully);
        Assert.AreEqual(1, Take(stream, int.MaxValue, out _));
    }

    [TestMethod]
    public void Flush_CancelledByTheWriter_IsNoFailure()
    {
        Ngtcp2Stream stream = NewStream();
        Task<FlushResult> flush = stream.Output.WriteAsync(new byte[SendBuffer]).AsTask();
        stream.Output.CancelPendingFlush();
        Assert.IsTrue(flush.Result.IsCanceled);
        Assert.IsFalse(stream.SendCompletion.IsCompleted);
    }

    [TestMethod]
    public void Complete_AfterBytes_OffersTheFinWithTheLast()
    {
        Ngtcp2Stream stream = NewStream();
        _ = stream.Output.WriteAsync(new byte[100]).AsTask();
        stream.Output.Complete();
        Assert.AreEqual(60, Take(stream, 60, out bool fin));
        Assert.IsTrue(fin, "The FIN is offered with all bytes that are left; the library takes it with the last.");
        Assert.AreEqual(40, Take(stream, 60, out fin));
        Assert.IsTrue(fin);
        Assert.IsFalse(stream.BeginSend());
        Acknowledge(stream, 99);
        Assert.IsFalse(stream.SendCompletion.IsCompleted);
        Acknowledge(stream, 100);
        Assert.IsTrue(stream.SendCompletion.IsCompletedSuccessfully);
    }

    [TestMethod]
    public void Complete_OfAnEmptyStream_SendsTheFinAlone()
    {
        Ngtcp2Stream stream = NewStream();
        stream.Output.Complete();
        Assert.AreEqual(0, Take(stream, 100, out bool fin));
        Assert.IsTrue(fin);
        Assert.IsFalse(stream.SendCompletion.IsCompleted);
        stream.NoteAcknowledged(0, 0);
        Assert.IsTrue(stream.SendCompletion.IsCompletedSuccessfully);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void SendCompletion_WithAFinOfItsOwn_NeedsBothInAnyOrder(bool finFirst)
    {
        Ngtcp2Stream stream = NewStream();
        _ = stream.Output.WriteAsync(new byte[100]).AsTask();
        Take(stream, 100, out _);
        stream.Output.Complete();
        Take(stream, 100, out _);
        if (finFirst)
        {
            stream.NoteAcknowledged(0, 0);
            Assert.IsFalse(stream.SendCompletion.IsCompleted);
            Acknowledge(stream, 100);
        }
        else
        {
            Acknowledge(stream, 100);
            Assert.IsFalse(stream.SendCompletion.IsCompleted);
            Assert.IsTrue(stream.IsFinInDoubt);
            stream.NoteAcknowledged(100, 0);
        }

        Assert.IsTrue(stream.SendCompletion.IsCompletedSuccessfully);
    }

    [TestMethod]
    public void Complete_WithAnException_AbortsWithItsCode()
    {
        Ngtcp2Stream stream = NewStream();
        _ = stream.Output.WriteAsync(new byte[100]).AsTask();
        stream.Output.Complete(new TransportException(TransportError.StreamReset, "no") { ApplicationErrorCode = 77 });
        Assert.AreEqual(77, stream.PendingAbortWriteCode);
        Assert.IsTrue(stream.SendCompletion.IsFaulted);
        Ngtcp2Stream other = NewStream();
        other.Output.Complete(new InvalidOperationException());
        Assert.AreEqual(99, other.PendingAbortWriteCode);
    }

    [TestMethod]
    public void Abort_AfterAllWasAcknowledged_ChangesNothing()
    {
        Ngtcp2Stream stream = NewStream();
        _ = stream.Output.WriteAsync(new byte[10]).AsTask();
        stream.Output.Complete();
        Take(stream, 10, out _);
        Acknowledge(stream, 10);
        stream.AbortWrite(5);
        Assert.IsTrue(stream.SendCompletion.IsCompletedSuccessfully);
    }

    [TestMethod]
    public void Write_AfterComplete_IsAMistake()
    {
        Ngtcp2Stream stream = NewStream();
        stream.Output.Complete();
        stream.Output.Complete();
        Assert.ThrowsExactly<InvalidOperationException>(() => stream.Output.GetMemory(1));
    }

    [TestMethod]
    public void Output_OfAnIncomingUnidirectionalStream_Refuses()
    {
        Ngtcp2Stream stream = _host.NewStream(id: 3);
        Assert.IsFalse(stream.CanWrite);
        Assert.ThrowsExactly<InvalidOperationException>(() => stream.Output.GetMemory(1));
        Assert.ThrowsExactly<InvalidOperationException>(() => stream.Output.FlushAsync().AsTask());
        Assert.IsTrue(stream.SendCompletion.IsCompletedSuccessfully);
        stream.AbortWrite(1);
        Assert.AreEqual(-1, stream.PendingAbortWriteCode);
    }

    [TestMethod]
    public void Send_AnyOrderOfWritesTakesAndAcknowledgements_IsTheBytesInOrder()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < 30; round++)
        {
            Ngtcp2Stream stream = NewStream();
            var written = new MemoryStream();
            var taken = new MemoryStream();
            long acknowledged = 0;
            bool done = false;
            Task? flush = null;
            for (int step = 0; step < 400 && !stream.SendCompletion.IsCompleted; step++)
            {
                switch (random.Next(4))
                {
                    case 0 when flush is null or { IsCompleted: true } && !done && step < 300:
                        byte[] bytes = new byte[random.Next(1, 9000)];
                        random.NextBytes(bytes);
                        written.Write(bytes);
                        flush = stream.Output.WriteAsync(bytes).AsTask();
                        break;
                    case 1:
                        TakeInto(stream, random.Next(1, 5000), taken);
                        break;
                    case 2 when taken.Length > acknowledged:
                        acknowledged += random.NextInt64(1, taken.Length - acknowledged + 1);
                        Acknowledge(stream, acknowledged);
                        break;
                    case 3 when step >= 300 && !done && flush is null or { IsCompleted: true }:
                        done = true;
                        stream.Output.Complete();
                        break;
                    default:
                        break;
                }
            }

            while (!stream.SendCompletion.IsCompleted)
            {
                if (!done && flush is null or { IsCompleted: true })
                {
                    done = true;
                    stream.Output.Complete();
                }

                TakeInto(stream, 5000, taken);
                Acknowledge(stream, taken.Length);
                stream.NoteAcknowledged(taken.Length, 0);
            }

            CollectionAssert.AreEqual(written.ToArray(), taken.ToArray());
        }
    }

    [TestInitialize]
    public void RequireLibraries() => Interop.NativeRequirement.Libraries();

    private Ngtcp2Stream NewStream(int sendBuffer = SendBuffer, int unsentBuffer = SendBuffer) =>
        _host.NewStream(limits: new TransportLimits { StreamSendBuffer = sendBuffer, StreamUnsentBuffer = unsentBuffer });

    private static long Take(Ngtcp2Stream stream, int room, out bool fin) => TakeInto(stream, room, Stream.Null, out fin);

    private static void TakeInto(Ngtcp2Stream stream, int room, Stream target) => TakeInto(stream, room, target, out _);

    // What the library does: it takes what fits into a packet, and the FIN only with the last byte.
    private static long TakeInto(Ngtcp2Stream stream, int room, Stream target, out bool fin)
    {
        fin = false;
        if (!stream.BeginSend())
        {
            return 0;
        }

        ngtcp2_vec* vectors = stackalloc ngtcp2_vec[MaxVectors];
        int count = stream.Fill(vectors, MaxVectors, out fin);
        long taken = 0;
        for (int i = 0; i < count; i++)
        {
            int part = (int)Math.Min((long)vectors[i].len, room - taken);
            target.Write(new ReadOnlySpan<byte>(vectors[i].@base, part));
            taken += part;
        }

        stream.NoteSent(taken, fin);
        stream.EndSend();
        if (stream.HasSentEnough)
        {
            stream.FreeAcknowledged();
        }

        return taken;
    }

    private static void Acknowledge(Ngtcp2Stream stream, long upTo)
    {
        if (stream.NoteAcknowledged(upTo, newBytes: 1))
        {
            stream.FreeAcknowledged();
        }
    }
}
