using System.Text;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2;

/// <summary>Datagrams on their way: bounded both ways.</summary>
[TestClass]
public sealed class DatagramQueueTests
{
    [TestMethod]
    public async Task Receive_MoreThanTheLimit_DropsTheOldest()
    {
        var queue = new DatagramQueue(3);
        for (byte i = 0; i < 10; i++)
        {
            queue.AddReceived([i]);
        }

        for (byte i = 7; i < 10; i++)
        {
            Assert.AreEqual(i, (await queue.ReceiveAsync(CancellationToken.None)).Span[0]);
        }

        Assert.IsFalse(queue.ReceiveAsync(CancellationToken.None).AsTask().IsCompleted);
    }

    [TestMethod]
    public async Task Receive_BeforeOneArrives_GetsIt()
    {
        var queue = new DatagramQueue(3);
        Task<ReadOnlyMemory<byte>> receive = queue.ReceiveAsync(CancellationToken.None).AsTask();
        queue.AddReceived("hello"u8);
        Assert.AreEqual("hello", Encoding.ASCII.GetString((await receive.WithTimeout()).Span));
    }

    [TestMethod]
    public async Task Receive_Cancelled_HasTheCallersTokenAndLosesNothing()
    {
        var queue = new DatagramQueue(3);
        using var source = new CancellationTokenSource();
        Task<ReadOnlyMemory<byte>> receive = queue.ReceiveAsync(source.Token).AsTask();
        await source.CancelAsync();
        OperationCanceledException cancelled = await Assert.ThrowsAsync<OperationCanceledException>(() => receive.WithTimeout());
        Assert.AreEqual(source.Token, cancelled.CancellationToken);
        queue.AddReceived([1]);
        Assert.AreEqual(1, (await queue.ReceiveAsync(CancellationToken.None)).Length);
    }

    [TestMethod]
    public async Task Fail_WithDatagramsLeft_GivesThemFirstAndThenTheReason()
    {
        var queue = new DatagramQueue(3);
        queue.AddReceived([1]);
        queue.Fail(new TransportException(TransportError.ConnectionClosed, "over") { ApplicationErrorCode = 5 });
        queue.AddReceived([2]);
        Assert.AreEqual(1, (await queue.ReceiveAsync(CancellationToken.None)).Span[0]);
        TransportException failure = await Assert.ThrowsExactlyAsync<TransportException>(() => queue.ReceiveAsync(CancellationToken.None).AsTask());
        Assert.AreEqual(5, failure.ApplicationErrorCode);
    }

    [TestMethod]
    public void AddToSend_CopiesAndKeepsTheOrderUpToItsLimit()
    {
        var queue = new DatagramQueue(1);
        Assert.IsFalse(queue.TryPeekToSend(out _));
        byte[] payload = [0];
        int taken = 0;
        while (queue.TryAddToSend(payload))
        {
            taken++;
            payload[0]++;
        }

        Assert.AreEqual(256, taken);
        for (int i = 0; i < taken; i++)
        {
            Assert.IsTrue(queue.TryPeekToSend(out ReadOnlyMemory<byte> first));
            Assert.AreEqual((byte)i, first.Span[0]);
            queue.DropToSend();
        }

        Assert.IsFalse(queue.TryPeekToSend(out _));
        queue.DropToSend();
        Assert.IsTrue(queue.TryAddToSend(payload));
    }
}
