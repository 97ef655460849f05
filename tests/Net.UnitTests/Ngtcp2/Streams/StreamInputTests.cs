using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Net.Ngtcp2.Streams;
using Net.Testing;
using Net.UnitTests.Ngtcp2.Driver;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Streams;

/// <summary>The application's end of what is received: the contract of a pipe reader, and credit.</summary>
[TestClass]
public sealed class StreamInputTests
{
    private readonly RecordingHost _host = new();

    [TestMethod]
    public void Read_BeforeBytesArrive_GetsThemWithTheFlush()
    {
        Ngtcp2Stream stream = _host.NewStream();
        Task<ReadResult> read = stream.Input.ReadAsync().AsTask();
        Assert.IsFalse(read.IsCompleted);
        stream.Receive("hello"u8, isEarly: false);
        Assert.IsFalse(read.IsCompleted, "The application is woken once a turn.");
        stream.FlushReceived();
        Assert.AreEqual("hello", Text(read.Result));
        stream.Input.AdvanceTo(read.Result.Buffer.End);
    }

    [TestMethod]
    public void Read_WhatWasExaminedOnly_WaitsForMoreAndThenHasBoth()
    {
        Ngtcp2Stream stream = Received("one");
        ReadResult first = stream.Input.ReadAsync().AsTask().Result;
        stream.Input.AdvanceTo(first.Buffer.Start, first.Buffer.End);
        Assert.IsFalse(stream.Input.TryRead(out _));
        Task<ReadResult> second = stream.Input.ReadAsync().AsTask();
        Assert.IsFalse(second.IsCompleted);
        Receive(stream, "two");
        Assert.AreEqual("onetwo", Text(second.Result));
    }

    [TestMethod]
    public void Read_PartOfIt_HasTheRestAtOnce()
    {
        Ngtcp2Stream stream = Received("abcdef");
        Assert.IsTrue(stream.Input.TryRead(out ReadResult first));
        stream.Input.AdvanceTo(first.Buffer.GetPosition(2));
        Assert.IsTrue(stream.Input.TryRead(out ReadResult second));
        Assert.AreEqual("cdef", Text(second));
        Assert.AreEqual(2, stream.TakeStreamCredit());
        Assert.AreEqual(0, stream.TakeStreamCredit());
    }

    [TestMethod]
    public void ReadAtLeast_AcrossSeveralFlushes_WaitsForAll()
    {
        Ngtcp2Stream stream = _host.NewStream();
        Task<ReadResult> read = stream.Input.ReadAtLeastAsync(6).AsTask();
        Receive(stream, "abc");
        Assert.IsFalse(read.IsCompleted);
        Receive(stream, "def");
        Assert.AreEqual("abcdef", Text(read.Result));
        stream.Input.AdvanceTo(read.Result.Buffer.End);
        Assert.AreEqual(6, stream.TakeStreamCredit());
    }

    [TestMethod]
    public void Fin_WithTheLastBytes_IsSeenWithThem()
    {
        Ngtcp2Stream stream = _host.NewStream();
        stream.Receive("end"u8, isEarly: false);
        stream.NoteFin();
        stream.FlushReceived();
        ReadResult read = stream.Input.ReadAsync().AsTask().Result;
        Assert.AreEqual("end", Text(read));
        Assert.IsTrue(read.IsCompleted);
        stream.Input.AdvanceTo(read.Buffer.End);
        Assert.IsTrue(stream.Input.ReadAsync().AsTask().Result is { IsCompleted: true, Buffer.IsEmpty: true });
        stream.Input.Complete();
        Assert.AreEqual(-1, stream.PendingAbortReadCode, "A stream that was read to its end is not aborted.");
    }

    [TestMethod]
    public void Complete_BeforeTheEnd_TellsThePeerWithTheDefaultCode()
    {
        Ngtcp2Stream stream = Received("unread");
        stream.Input.Complete();
        Assert.AreEqual(99, stream.PendingAbortReadCode);
        Assert.AreEqual(6, stream.TakeStreamCredit(), "What nobody reads any more is given back.");
        Assert.HasCount(1, _host.Posted.OfType<Ngtcp2Stream>());
    }

    [TestMethod]
    public void Complete_WithACodedException_TellsThePeerThatCode()
    {
        Ngtcp2Stream stream = Received("unread");
        stream.Input.Complete(new TransportException(TransportError.StreamReset, "no") { ApplicationErrorCode = 1234 });
        stream.Input.Complete(new TransportException(TransportError.StreamReset, "no") { ApplicationErrorCode = 5 });
        Assert.AreEqual(1234, stream.PendingAbortReadCode);
    }

    [TestMethod]
    public void Complete_AndMoreArrives_ReturnsItsCreditAtOnce()
    {
        Ngtcp2Stream stream = Received("unread");
        stream.Input.Complete();
        Assert.AreEqual(6, stream.TakeStreamCredit());
        stream.Receive("more"u8, isEarly: false);
        Assert.AreEqual(4, stream.TakeStreamCredit());
        stream.FlushReceived();
    }

    [TestMethod]
    public void Read_AfterComplete_IsAMistake()
    {
        Ngtcp2Stream stream = Received("x");
        stream.Input.Complete();
        Assert.ThrowsExactly<InvalidOperationException>(() => stream.Input.TryRead(out _));
        Assert.ThrowsExactly<InvalidOperationException>(() => stream.Input.ReadAsync().AsTask().GetAwaiter().GetResult());
    }

    [TestMethod]
    public void Reset_OfThePeer_ThrowsItsCodeToAWaitingReadAndToLaterOnes()
    {
        Ngtcp2Stream stream = _host.NewStream();
        Task<ReadResult> read = stream.Input.ReadAsync().AsTask();
        stream.EndReceive(new TransportException(TransportError.StreamReset, "reset") { ApplicationErrorCode = 8 });
        Assert.AreEqual(8, Assert.ThrowsExactly<TransportException>(() => read.GetAwaiter().GetResult()).ApplicationErrorCode);
        Assert.AreEqual(8, Assert.ThrowsExactly<TransportException>(() => stream.Input.TryRead(out _)).ApplicationErrorCode);
    }

    [TestMethod]
    public void Reset_WithBytesUnread_GivesTheirCreditBackWhenTheApplicationLetsGo()
    {
        Ngtcp2Stream stream = Received("twelve bytes");
        stream.EndReceive(new TransportException(TransportError.StreamReset, "reset") { ApplicationErrorCode = 8 });
        stream.Input.Complete();
        Assert.AreEqual(12, stream.TakeStreamCredit());
    }

    [TestMethod]
    public void Read_WhileAnotherWaits_IsRefusedAndHarmsNothing()
    {
        Ngtcp2Stream stream = _host.NewStream();
        Task<ReadResult> first = stream.Input.ReadAsync().AsTask();
        Assert.ThrowsExactly<InvalidOperationException>(() => stream.Input.ReadAsync().AsTask().GetAwaiter().GetResult());
        Assert.ThrowsExactly<InvalidOperationException>(() => stream.Input.ReadAtLeastAsync(1).AsTask().GetAwaiter().GetResult());
        Receive(stream, "hello");
        Assert.AreEqual("hello", Text(first.Result));
        stream.Input.AdvanceTo(first.Result.Buffer.End);
        Task<ReadResult> next = stream.Input.ReadAtLeastAsync(5).AsTask();
        Receive(stream, "again");
        Assert.AreEqual("again", Text(next.Result));
    }

    [TestMethod]
    public void CancelPendingRead_WakesTheReaderOnce()
    {
        Ngtcp2Stream stream = _host.NewStream();
        Task<ReadResult> read = stream.Input.ReadAsync().AsTask();
        stream.Input.CancelPendingRead();
        Assert.IsTrue(read.Result.IsCanceled);
        stream.Input.AdvanceTo(read.Result.Buffer.End);
        Assert.IsFalse(stream.Input.ReadAsync().AsTask().IsCompleted);
    }

    [TestMethod]
    public async Task Read_Cancelled_HasTheCallersTokenAndLosesNothing()
    {
        Ngtcp2Stream stream = _host.NewStream();
        using var source = new CancellationTokenSource();
        Task<ReadResult> read = stream.Input.ReadAsync(source.Token).AsTask();
        await source.CancelAsync();
        Assert.AreEqual(source.Token, (await Assert.ThrowsAsync<OperationCanceledException>(() => read.WithTimeout())).CancellationToken);
        Receive(stream, "still here");
        Assert.AreEqual("still here", Text(await stream.Input.ReadAsync()));
    }

    [TestMethod]
    public void Early_Bytes_MarkTheStream()
    {
        Ngtcp2Stream stream = _host.NewStream();
        Assert.IsFalse(stream.IsEarlyData);
        stream.Receive("x"u8, isEarly: true);
        stream.Receive("y"u8, isEarly: false);
        Assert.IsTrue(stream.IsEarlyData);
    }

    [TestMethod]
    public void Consumed_BytesInLumps_PostOneRequestForEach()
    {
        Ngtcp2Stream stream = _host.NewStream(limits: new TransportLimits { StreamReceiveWindow = 16 << 10 });
        byte[] bytes = new byte[1024];
        for (int i = 0; i < 64; i++)
        {
            stream.Receive(bytes, isEarly: false);
            stream.FlushReceived();
            Assert.IsTrue(stream.Input.TryRead(out ReadResult read));
            stream.Input.AdvanceTo(read.Buffer.End);
        }

        // A quarter of the window is a lump; nobody has taken the work, so that it is posted once.
        Assert.HasCount(1, _host.Posted.OfType<Ngtcp2Stream>());
        Assert.AreEqual(64 * 1024, stream.TakeStreamCredit());
    }

    [TestMethod]
    public void Input_OfAnOutgoingUnidirectionalStream_IsAtItsEnd()
    {
        Ngtcp2Stream stream = _host.NewStream(id: 2);
        Assert.IsFalse(stream.CanRead);
        Assert.IsTrue(stream.Input.ReadAsync().AsTask().Result.IsCompleted);
        Assert.IsTrue(stream.Input.TryRead(out ReadResult read) && read.Buffer.IsEmpty);
        stream.Input.AdvanceTo(read.Buffer.End);
        stream.AbortRead(1);
        Assert.AreEqual(-1, stream.PendingAbortReadCode);
    }

    /// <summary>Ends the test unless the native libraries can be used: their absence is found out when a stream's connection is made.</summary>
    [TestInitialize]
    public void RequireLibraries() => NativeRequirement.Libraries();

    private static void Receive(Ngtcp2Stream stream, string text)
    {
        stream.Receive(Encoding.ASCII.GetBytes(text), isEarly: false);
        stream.FlushReceived();
    }

    private static string Text(ReadResult read) => Encoding.ASCII.GetString(read.Buffer.ToArray());

    private Ngtcp2Stream Received(string text)
    {
        Ngtcp2Stream stream = _host.NewStream();
        Receive(stream, text);
        return stream;
    }
}
