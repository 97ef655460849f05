using System.Buffers;
using System.IO.Pipelines;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>The details of PipeReader and PipeWriter that applications rely on.</content>
public abstract partial class EngineConformanceTests
{
    [TestMethod]
    public async Task CancelPendingRead_WhileReading_EndsTheReadOnly()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        ValueTask<ReadResult> reading = server.Input.ReadAsync();
        server.Input.CancelPendingRead();
        ReadResult result = await reading.WithTimeout();
        Assert.IsTrue(result.IsCanceled);
        Assert.IsFalse(result.IsCompleted);
        server.Input.AdvanceTo(result.Buffer.Start);

        await client.SendAsync("later");

        Assert.AreEqual("later", await server.ReceiveAsync(5));
    }

    [TestMethod]
    public async Task CancelPendingRead_Before_EndsTheNextRead()
    {
        ConformancePair pair = await ConnectPairAsync();
        (_, TransportStream server) = await pair.OpenStreamAsync();
        server.Input.CancelPendingRead();

        Assert.IsTrue((await server.Input.ReadAsync().WithTimeout()).IsCanceled);
    }

    [TestMethod]
    public async Task ReadAsync_TokenCancelled_ThrowsAndStreamGoesOn()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        using var cancel = new CancellationTokenSource();
        ValueTask<ReadResult> reading = server.Input.ReadAsync(cancel.Token);
        Assert.IsFalse(reading.IsCompleted);
        await cancel.CancelAsync();
        await CancelsAsync(() => reading.AsTask(), cancel.Token);

        await client.SendAsync("later");

        Assert.AreEqual("later", await server.ReceiveAsync(5));
    }

    [TestMethod]
    public async Task AdvanceTo_ExaminedAll_WaitsForMoreAndKeepsWhatWasNotConsumed()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await client.SendAsync("ab");
        ReadResult first = await server.Input.ReadAtLeastAsync(2).WithTimeout();
        server.Input.AdvanceTo(first.Buffer.Start, first.Buffer.End);
        ValueTask<ReadResult> waiting = server.Input.ReadAsync();
        Assert.IsFalse(waiting.IsCompleted);

        await client.SendAsync("cd");

        ReadResult second = await waiting.WithTimeout();
        server.Input.AdvanceTo(second.Buffer.Start);
        ReadResult all = await server.Input.ReadAtLeastAsync(4).WithTimeout();
        CollectionAssert.AreEqual("abcd"u8.ToArray(), all.Buffer.ToArray());
        server.Input.AdvanceTo(all.Buffer.End);
    }

    [TestMethod]
    public async Task AdvanceTo_NotExamined_NextReadReturnsAtOnce()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await client.SendAsync("abcd");
        ReadResult first = await server.Input.ReadAtLeastAsync(4).WithTimeout();
        server.Input.AdvanceTo(first.Buffer.GetPosition(1));

        Assert.IsTrue(server.Input.TryRead(out ReadResult second));
        CollectionAssert.AreEqual("bcd"u8.ToArray(), second.Buffer.ToArray());
        server.Input.AdvanceTo(second.Buffer.End);
        Assert.IsFalse(server.Input.TryRead(out _));
    }

    [TestMethod]
    public async Task ReadAtLeastAsync_BytesComeSingly_WaitsForEnough()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        ValueTask<ReadResult> reading = server.Input.ReadAtLeastAsync(10);
        for (int i = 0; i < 10; i++)
        {
            Assert.IsFalse(reading.IsCompleted);
            await client.SendAsync("x");
        }

        ReadResult result = await reading.WithTimeout();
        Assert.AreEqual(10, result.Buffer.Length);
        server.Input.AdvanceTo(result.Buffer.End);
    }

    [TestMethod]
    public async Task ReadAtLeastAsync_StreamEndsBefore_ReturnsWhatCame()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await client.SendAllAsync("abc"u8.ToArray());

        ReadResult result = await server.Input.ReadAtLeastAsync(10).WithTimeout();

        Assert.IsTrue(result.IsCompleted);
        Assert.AreEqual(3, result.Buffer.Length);
        server.Input.AdvanceTo(result.Buffer.End);
    }

    [TestMethod]
    public async Task CopyToAsync_IntoAStream_CopiesToTheEnd()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        byte[] data = new byte[300_000];
        TestSeed.TakeRandom(TestContext).NextBytes(data);
        using var copy = new MemoryStream();
        Task copying = server.Input.CopyToAsync(copy);

        await client.SendAllAsync(data);

        await copying.WithTimeout();
        CollectionAssert.AreEqual(data, copy.ToArray());
    }

    [TestMethod]
    public async Task Input_AsStream_ReadsLikeOne()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        byte[] data = new byte[50_000];
        TestSeed.TakeRandom(TestContext).NextBytes(data);
        await client.SendAllAsync(data);
        byte[] read = new byte[data.Length];
        using Stream stream = server.Input.AsStream(leaveOpen: true);

        await stream.ReadExactlyAsync(read).WithTimeout();

        Assert.AreEqual(0, await stream.ReadAsync(new byte[1]).WithTimeout());
        CollectionAssert.AreEqual(data, read);
    }

    [TestMethod]
    public async Task GetMemory_BigHint_GivesAsMuch()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        const int Hint = 100_000;
        Memory<byte> memory = client.Output.GetMemory(Hint);
        Assert.IsGreaterThanOrEqualTo(Hint, memory.Length);
        memory.Span[..Hint].Fill(0xab);
        client.Output.Advance(Hint);
        await client.Output.FlushAsync().WithTimeout();

        byte[] read = await server.Input.ReadExactlyAsync(Hint);
        Assert.IsTrue(read.All(b => b == 0xab));
    }

    [TestMethod]
    public async Task FlushAsync_NothingWritten_Completes()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();

        FlushResult result = await client.Output.FlushAsync().WithTimeout();

        Assert.IsFalse(result.IsCanceled);
        Assert.IsFalse(result.IsCompleted);
        Assert.IsFalse(server.Input.TryRead(out _));
    }

    [TestMethod]
    public async Task CancelPendingFlush_WhileBlocked_EndsTheFlushOnly()
    {
        ConformancePair pair = await ConnectPairAsync(SmallSendBuffer, SmallWindows);
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        ValueTask<FlushResult> blocked = client.Output.WriteAsync(new byte[MoreThanFits]);
        Assert.IsFalse(blocked.IsCompleted);
        client.Output.CancelPendingFlush();
        Assert.IsTrue((await blocked.WithTimeout()).IsCanceled);

        Task completing = client.Output.CompleteAsync().AsTask();
        byte[] all = await server.Input.ReadToEndAsync();
        await completing.WithTimeout();
        Assert.HasCount(MoreThanFits, all);
    }

    [TestMethod]
    public async Task FlushAsync_TokenCancelledWhileBlocked_ThrowsAndBytesStillArrive()
    {
        ConformancePair pair = await ConnectPairAsync(SmallSendBuffer, SmallWindows);
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        using var cancel = new CancellationTokenSource();
        ValueTask<FlushResult> blocked = client.Output.WriteAsync(new byte[MoreThanFits], cancel.Token);
        Assert.IsFalse(blocked.IsCompleted);
        await cancel.CancelAsync();
        await CancelsAsync(() => blocked.AsTask(), cancel.Token);

        await client.Output.CompleteAsync();
        Assert.HasCount(MoreThanFits, await server.Input.ReadToEndAsync());
    }
}
