using System.Net;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Udp;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>What answers for an ended connection.</summary>
[TestClass]
public sealed class ClosingRecordTests
{
    private static readonly SocketAddressBuffer Local = SocketAddressBuffer.From(IPAddress.Loopback, 443);
    private static readonly SocketAddressBuffer Peer = SocketAddressBuffer.From(IPAddress.Loopback, 5000);
    private static readonly SocketAddressBuffer Other = SocketAddressBuffer.From(IPAddress.Loopback, 5001);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void HandleDatagram_OfThePeer_IsAnsweredAtEachPowerOfTwo()
    {
        var host = new RecordingHost();
        ClosingRecord record = NewRecord([[1, 2, 3]]);
        List<int> answered = [];
        for (int i = 1; i <= 100; i++)
        {
            int before = host.Sent.Count;
            record.HandleDatagram(host, Peer, 20);
            if (host.Sent.Count > before)
            {
                answered.Add(i);
            }
        }

        Assert.AreEqual("1 2 4 8 16 32 64", string.Join(' ', answered));
        Assert.IsTrue(host.Sent.All(static s => s.Remote == Peer && s.Data is [1, 2, 3]));
    }

    [TestMethod]
    public void HandleDatagram_OfAnotherAddress_IsNotAnsweredAndDoesNotCount()
    {
        var host = new RecordingHost();
        ClosingRecord record = NewRecord([[1]]);
        for (int i = 0; i < 10; i++)
        {
            record.HandleDatagram(host, Other, 20);
        }

        Assert.IsEmpty(host.Sent);
        record.HandleDatagram(host, Peer, 20);
        Assert.HasCount(1, host.Sent);
    }

    [TestMethod]
    public void HandleDatagram_WithSeveralClosingDatagrams_SendsAllOfThem()
    {
        var host = new RecordingHost();
        NewRecord([[1], [2], [3]]).HandleDatagram(host, Peer, 20);
        Assert.AreEqual("1 2 3", string.Join(' ', host.Sent.SelectMany(static s => s.Data)));
    }

    [TestMethod]
    public void HandleDatagram_OfADrainingConnection_IsNeverAnswered()
    {
        var host = new RecordingHost();
        ClosingRecord record = NewRecord([]);
        record.HandleDatagram(host, Peer, 20);
        record.HandleDatagram(host, Peer, 20);
        Assert.IsEmpty(host.Sent);
    }

    [TestMethod]
    public void HandleDatagram_OfAnAddressThatIsNotValidated_SendsThreeTimesWhatCameAtMost()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < 200; round++)
        {
            var host = new RecordingHost();
            byte[][] closing = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => new byte[random.Next(1, 1300)])];
            int before = random.Next(-100, 1000);
            var record = new ClosingRecord([], closing, 0, Local, Peer, 1000) { Allowance = before };
            int received = 0;
            for (int i = 0; i < 500; i++)
            {
                int length = random.Next(1, 100);
                received += length;
                record.HandleDatagram(host, Peer, length);
                Assert.IsLessThanOrEqualTo(Math.Max(0, before + (3 * received)), host.Sent.Sum(static s => s.Data.Length));
            }
        }
    }

    [TestMethod]
    public void HandleDatagram_WithEnoughAllowance_IsAnswered()
    {
        var host = new RecordingHost();
        new ClosingRecord([], [new byte[60]], 0, Local, Peer, 1000) { Allowance = 0 }.HandleDatagram(host, Peer, 20);
        Assert.HasCount(1, host.Sent);
    }

    private static ClosingRecord NewRecord(byte[][] closing) => new([], closing, 0, Local, Peer, 1000);
}
