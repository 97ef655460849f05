using Net.Ngtcp2.Udp;

namespace Net.IntegrationTests.Udp;

/// <summary>Sends into a full queue. Plain loopback is never full, so these run in a network namespace of their own behind a token bucket.</summary>
[TestClass]
public sealed class UdpSocketBlockedSendTests : UdpTest
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Send_SendBufferFull_SaysWhereToGoOnAndLosesNothing(bool segments) => InSlowNetwork("rate 4mbit burst 16000 limit 10000000", () =>
    {
        UdpSocket receiver = Open("127.0.0.1");
        UdpSocket sender = Open("127.0.0.1", change: o => o with
        {
            SendBufferBytes = 16 * 1024,
            SegmentationOffload = segments ? OffloadMode.On : OffloadMode.Off,
        });
        byte[] data = Numbered(200_077);
        int offset = 0;
        int blocked = 0;
        SendResult result;
        while ((result = sender.Send(default, receiver.LocalAddress, 2, data.AsSpan(offset), 1000)).Status == SendStatus.Blocked)
        {
            Assert.AreEqual(Errno.EAGAIN, result.Errno);
            Assert.IsTrue(result.WaitsForWritable);
            Assert.AreEqual(0, result.BytesConsumed % 1000);
            offset += result.BytesConsumed;
            blocked++;
            Assert.IsTrue(WaitFor(sender, PollEvents.Writable));
        }

        Assert.AreEqual(new SendResult(SendStatus.Sent, data.Length - offset, 0), result);
        Assert.IsGreaterThan(0, blocked);
        Assert.AreEqual(blocked, sender.Counters.BlockedSends);
        Assert.AreEqual(201, sender.Counters.SentDatagrams);
        Assert.AreEqual(segments, sender.HasSegmentationOffload);
        var datagrams = Receive(receiver, 201).Datagrams;
        CollectionAssert.AreEqual(data, datagrams.SelectMany(d => d.Data).ToArray());
    });

    [TestMethod]
    public void Send_InterfaceQueueFull_IsBlockedWithoutHopeForWritable() => InSlowNetwork("rate 8kbit burst 2000 limit 4000", () =>
    {
        UdpSocket receiver = Open("127.0.0.1");
        UdpSocket sender = Open("127.0.0.1", change: o => o with { SegmentationOffload = OffloadMode.Off });

        SendResult result = sender.Send(default, receiver.LocalAddress, 0, Numbered(20_000), 1000);

        Assert.AreEqual(SendStatus.Blocked, result.Status);
        Assert.AreEqual(Errno.ENOBUFS, result.Errno);
        Assert.IsFalse(result.WaitsForWritable);
        Assert.AreEqual(sender.Counters.SentBytes, result.BytesConsumed);
        Assert.IsInRange(1000, 6000, result.BytesConsumed);
    });

    private static void InSlowNetwork(string bucket, Action action) => NetworkNamespace.Run([$"tc qdisc add dev lo root tbf {bucket}"], action);
}
