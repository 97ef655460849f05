using System.Net;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Udp;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>What answers for an ended connection.</summary>
[TestClass]
public sealed class ClosingRecordTests
{
    private static readonly SocketAddressBuffer Local = SocketAddressBuffer.From(IPAddress.Loopback, 443);
    private static readonly SocketAddressBuffer Peer = SocketAddressBuffer.From(IPAddress.Loopback, 5000);
    private static readonly SocketAddressBuffer Other = SocketAddressBuffer.From(IPAddress.Loopback, 5001);

    [TestMethod]
    public void HandleDatagram_OfThePeer_IsAnsweredAtEachPowerOfTwo()
    {
        var host = new RecordingHost();
        ClosingRecord record = NewRecord([[1, 2, 3]]);
        List<int> answered = [];
        for (int i = 1; i <= 100; i++)
        {
            int before = host.Sent.Count;
            record.HandleDatagram(host, Peer);
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
            record.HandleDatagram(host, Other);
        }

        Assert.IsEmpty(host.Sent);
        record.HandleDatagram(host, Peer);
        Assert.HasCount(1, host.Sent);
    }

    [TestMethod]
    public void HandleDatagram_WithSeveralClosingDatagrams_SendsAllOfThem()
    {
        var host = new RecordingHost();
        NewRecord([[1], [2], [3]]).HandleDatagram(host, Peer);
        Assert.AreEqual("1 2 3", string.Join(' ', host.Sent.SelectMany(static s => s.Data)));
    }

    [TestMethod]
    public void HandleDatagram_OfADrainingConnection_IsNeverAnswered()
    {
        var host = new RecordingHost();
        ClosingRecord record = NewRecord([]);
        record.HandleDatagram(host, Peer);
        record.HandleDatagram(host, Peer);
        Assert.IsEmpty(host.Sent);
    }

    private static ClosingRecord NewRecord(byte[][] closing) => new([], closing, 0, Local, Peer, 1000);
}
