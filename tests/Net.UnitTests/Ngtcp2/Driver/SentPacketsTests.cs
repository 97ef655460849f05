using Net.Ngtcp2.Driver;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>The count of lost packets against a plain list of all packets.</summary>
[TestClass]
public sealed class SentPacketsTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(2, 0)]
    [DataRow(3, 1)]
    public void Lost_PacketBehindOthers_CountsFromTheThirdOn(int behind, int expected)
    {
        var packets = new SentPackets();
        Send(packets, behind + 1);
        Acknowledge(packets, (1, behind));
        Assert.AreEqual(expected, packets.Lost);
    }

    [TestMethod]
    public void Lost_PacketComesLate_MakesUpForTheNextLoss()
    {
        var packets = new SentPackets();
        Send(packets, 20);
        Acknowledge(packets, (1, 9));
        Assert.AreEqual(1, packets.Lost);
        Acknowledge(packets, (0, 9));
        Assert.AreEqual(1, packets.Lost, "It never steps back.");
        Acknowledge(packets, (11, 14));
        Assert.AreEqual(1, packets.Lost);
        Acknowledge(packets, (16, 19));
        Assert.AreEqual(2, packets.Lost);
    }

    [TestMethod]
    public void Lost_NumbersThatWereNotUsedOrDoNotCount_AreNotLost()
    {
        var packets = new SentPackets();
        Send(packets, 3);
        packets.NoteSent(Header(5), counts: false);
        packets.NoteSent(Header(9), counts: true);
        packets.NoteSent(Header(12), counts: true);
        Acknowledge(packets, (12, 12), (0, 2));
        Assert.AreEqual(1, packets.Lost, "Number 9 alone.");
    }

    [TestMethod]
    public void Forget_WhatIsUnderWay_NeverCounts()
    {
        var packets = new SentPackets();
        Send(packets, 10);
        Acknowledge(packets, (4, 5));
        Assert.AreEqual(3, packets.Lost, "Numbers 0 to 2.");
        packets.Forget();
        for (int number = 10; number < 20; number++)
        {
            packets.NoteSent(Header(number), counts: true);
        }

        Acknowledge(packets, (16, 19));
        Assert.AreEqual(3 + 6, packets.Lost, "Those from 10 to 15 are new.");
    }

    [TestMethod]
    [DataRow(-5, -1)]
    [DataRow(-5, 3)]
    [DataRow(50, 100)]
    [DataRow(0, long.MaxValue)]
    [DataRow(long.MinValue, long.MaxValue)]
    [DataRow(7, 2)]
    public void NoteAcknowledged_OfWhatWasNeverSent_DoesNoHarm(long first, long last)
    {
        var packets = new SentPackets();
        packets.NoteAcknowledged(first, last);
        packets.FindLost();
        Assert.AreEqual(0, packets.Lost);
        Send(packets, 10);
        packets.NoteAcknowledged(first, last);
        packets.FindLost();
        Assert.IsLessThanOrEqualTo(7, packets.Lost);
    }

    [TestMethod]
    public void Lost_AnyTraffic_IsWhatAPlainListSays()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < 50; round++)
        {
            var packets = new SentPackets();
            var missing = new SortedDictionary<long, bool>();
            long next = 0;
            long largestAcknowledged = -1;
            long expected = 0;
            for (int step = 0; step < 300; step++)
            {
                for (int i = random.Next(60); i > 0; i--)
                {
                    next += random.Next(50) == 0 ? random.Next(1, 200) : 0;
                    packets.NoteSent(Header(next), counts: true);
                    missing[next++] = false;
                }

                // Acknowledges some of the last hundred, in one to four ranges in falling order.
                long last = next - 1;
                for (int range = random.Next(1, 5); range > 0 && last >= 0; range--)
                {
                    last -= random.Next(4);
                    long first = Math.Max(0, last - random.Next(40));
                    if (last >= 0)
                    {
                        packets.NoteAcknowledged(first, last);
                        largestAcknowledged = Math.Max(largestAcknowledged, last);
                        missing.Keys.Where(n => n >= first && n <= last).ToList().ForEach(n => missing.Remove(n));
                    }

                    last = first - 2;
                }

                packets.FindLost();
                foreach (long number in missing.Keys.Where(n => n <= next - 1 - SentPackets.Size).ToArray())
                {
                    // Out of the window: what was lost stays lost, what was not judged does not count.
                    expected += missing[number] ? 1 : 0;
                    missing.Remove(number);
                }

                missing.Keys.Where(n => n <= largestAcknowledged - 3).ToList().ForEach(n => missing[n] = true);
                long now = expected + missing.Values.Count(static isLost => isLost);
                _highest = step == 0 ? now : Math.Max(_highest, now);
                Assert.AreEqual(_highest, packets.Lost, $"round {round}, step {step}");
            }
        }
    }

    [TestMethod]
    public void Notes_OfTraffic_AllocateNothing()
    {
        var packets = new SentPackets();
        Send(packets, 1);
        Span<byte> header = stackalloc byte[5];
        header[0] = 3;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int number = 1; number < 1000; number++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(header[1..], number);
            packets.NoteSent(header, counts: true);
            packets.NoteAcknowledged(number & ~1, number);
            packets.FindLost();
        }

        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.AreEqual(0, packets.Lost);
    }

    private long _highest;

    private static void Send(SentPackets packets, int count)
    {
        for (int number = 0; number < count; number++)
        {
            packets.NoteSent(Header(number), counts: true);
        }
    }

    private static void Acknowledge(SentPackets packets, params (long First, long Last)[] ranges)
    {
        foreach ((long first, long last) in ranges)
        {
            packets.NoteAcknowledged(first, last);
        }

        packets.FindLost();
    }

    private static byte[] Header(long number) => [0x43, 1, 2, 3, 4, (byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number];
}
