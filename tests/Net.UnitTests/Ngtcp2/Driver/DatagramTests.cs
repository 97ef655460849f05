using System.Buffers.Binary;
using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Datagrams (RFC 9221): each arrives once or not at all.</summary>
[TestClass]
public sealed class DatagramTests : DriverTest
{
    private const int Count = 1000;

    [TestMethod]
    public void Datagrams_UnderLoss_ArriveOnceOrNever() => ForSeeds(5, seed =>
    {
        using DriverPair pair = NewPair(seed);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(WithDatagrams);
        pair.SetLinks(static link =>
        {
            link.Loss = 0.1;
            link.Reorder = 0.1;
            link.Duplicate = 0.1;
        });
        var seen = new HashSet<int>();
        byte[] payload = new byte[600];
        for (int i = 0; i < Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(payload, i);
            Assert.IsTrue(client.TrySendDatagram(payload.AsSpan(0, 4 + (i % 597))));
            pair.Network.RunFor(Milliseconds(3));
        }

        pair.Network.RunFor(Seconds(1));
        foreach (ReadOnlyMemory<byte> datagram in ReceiveAll(server))
        {
            int number = BinaryPrimitives.ReadInt32LittleEndian(datagram.Span);
            Assert.AreEqual(4 + (number % 597), datagram.Length);
            Assert.IsTrue(seen.Add(number), $"Datagram {number} came twice.");
        }

        Assert.IsInRange(Count * 80 / 100, Count * 98 / 100, seen.Count);
        pair.CloseAndCheckEmpty(client);
    });

    [TestMethod]
    public void Datagram_OfTheLargestSize_FitsOnePacketAndOneByteMoreIsRefused()
    {
        using DriverPair pair = NewPair(1);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(WithDatagrams);
        pair.Network.RunFor(Seconds(2));
        int largest = client.MaxDatagramSize;
        Assert.IsInRange(1380, 1452, largest);
        Assert.IsTrue(client.TrySendDatagram(new byte[largest]));
        TransportException failure = Assert.ThrowsExactly<TransportException>(() => client.TrySendDatagram(new byte[largest + 1]));
        Assert.AreEqual(TransportError.MessageTooLarge, failure.Error);
        pair.Network.RunFor(Milliseconds(30));
        Assert.AreEqual(largest, ReceiveAll(server).Single().Length);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Datagrams_ThatBecameTooLargeForThePath_DoNotStopWhatComesAfterThem()
    {
        using DriverPair pair = NewPair(1);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(WithDatagrams);
        pair.Network.RunFor(Seconds(2));
        int largest = client.MaxDatagramSize;

        // Queued while the path was wide; after the move it is narrow again, and discovery has yet to begin.
        Task migration = client.MigrateAsync().AsTask();
        pair.Network.RunUntil(() => migration.IsCompleted || pair.Client.OpenSockets == 2);
        for (int i = 0; i < 10; i++)
        {
            Assert.IsTrue(client.TrySendDatagram(new byte[largest]));
            Assert.IsTrue(client.TrySendDatagram(new byte[100]));
        }

        pair.Network.RunFor(Seconds(1));
        Assert.HasCount(10, ReceiveAll(server).Where(static d => d.Length == 100));
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Datagrams_MoreThanTheQueueHolds_AreDroppedAndTheConnectionGoesOn()
    {
        using DriverPair pair = NewPair(1);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(WithDatagrams);
        int taken = 0;
        for (int i = 0; i < Count; i++)
        {
            taken += client.TrySendDatagram(new byte[1000]) ? 1 : 0;
        }

        Assert.AreEqual(256, taken);
        pair.Network.RunFor(Seconds(2));
        Assert.HasCount(256, ReceiveAll(server));
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Datagrams_BesideAStream_BothGetThrough()
    {
        using DriverPair pair = NewPair(1);
        pair.SetLinks(static link => link.BitsPerSecond = 20_000_000);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(WithDatagrams);
        Ngtcp2Stream stream = DriverPair.Open(client, StreamDirection.Unidirectional);
        Task<string> sending = Application.SendAsync(stream.Output, 1, 2_000_000);
        Task<(string Digest, long Length)> reading = Application.ReceiveAsync(pair.Accept(server).Input);
        int sent = 0;
        while (!reading.IsCompleted)
        {
            sent += client.TrySendDatagram(new byte[200]) ? 1 : 0;
            pair.Network.RunFor(Milliseconds(5));
        }

        pair.Network.RunFor(Seconds(1));
        Assert.AreEqual(sending.Result, reading.Result.Digest);
        Assert.IsGreaterThan(50, sent);
        Assert.HasCount(sent, ReceiveAll(server));
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Datagram_ToAPeerThatTakesNone_IsNotSupported()
    {
        using var pair = new DriverPair();
        (Ngtcp2Connection client, _) = pair.Establish(WithDatagrams);
        Assert.AreEqual(0, client.MaxDatagramSize);
        Assert.ThrowsExactly<NotSupportedException>(() => client.TrySendDatagram(new byte[1]));
        pair.CloseAndCheckEmpty(client);
    }

    private static DriverPair NewPair(int seed) => new(
        seed, static o => o with { Limits = o.Limits with { MaxDatagramSize = 65_535, DatagramReceiveQueue = 65_536 } });

    private static ConnectOptions WithDatagrams(ConnectOptions options) =>
        options with { Limits = options.Limits with { MaxDatagramSize = 65_535 } };

    // All that wait now; a receive that would wait is given up.
    private static List<ReadOnlyMemory<byte>> ReceiveAll(Ngtcp2Connection connection)
    {
        var all = new List<ReadOnlyMemory<byte>>();
        while (true)
        {
            using var source = new CancellationTokenSource();
            ValueTask<ReadOnlyMemory<byte>> receive = connection.ReceiveDatagramAsync(source.Token);
            if (!receive.IsCompleted)
            {
                source.Cancel();
                Assert.ThrowsExactly<AggregateException>(() => receive.AsTask().Wait(Seconds(30)));
                return all;
            }

            all.Add(receive.Result);
        }
    }
}
