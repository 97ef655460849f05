using System.Buffers.Binary;
using System.Net.Sockets;
using System.Net;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

[TestClass]
public sealed class VersionTests : Ngtcp2Test
{
    private const uint MadeUpVersion = 0xfeedbee5;

    [TestMethod]
    [DataRow("127.0.0.1", QuicVersion.Version1)]
    [DataRow("::1", QuicVersion.Version1)]
    [DataRow("127.0.0.1", QuicVersion.Version2)]
    [DataRow("::1", QuicVersion.Version2)]
    public async Task Connect_WithOneVersionOnBothSides_UsesIt(string address, QuicVersion version)
    {
        var engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { Versions = [version] });
        var (client, accepted) = await ConnectAsync(engine, server, o => o with { Versions = [version] });
        await Echo.RoundTripAsync(client, "one version");
        Assert.AreEqual(version, client.Version);
        Assert.AreEqual(version, accepted.Version);
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connect_WhenTheServerPrefersTheOtherVersion_MovesToItWithinTheHandshake(string address)
    {
        var engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { Versions = [QuicVersion.Version2, QuicVersion.Version1] });
        var (client, accepted) = await ConnectAsync(engine, server, o => o with { Versions = [QuicVersion.Version1, QuicVersion.Version2] });
        await Echo.RoundTripAsync(client, "compatible version negotiation");
        Assert.AreEqual(QuicVersion.Version2, client.Version);
        Assert.AreEqual(QuicVersion.Version2, accepted.Version);
        Assert.AreEqual(0, server.State.VersionNegotiations, "RFC 9368 needs no Version Negotiation packet between compatible versions.");
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connect_WhenTheServerLacksTheFirstVersion_FailsWithAClearMessage(string address)
    {
        var engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { Versions = [QuicVersion.Version1] });
        ConnectOptions options = ConnectTo(server.EndPoint) with { Versions = [QuicVersion.Version2] };
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(options).WithTimeout());
        Assert.AreEqual(TransportError.ConnectFailed, failure.Error);
        Assert.IsTrue(failure.IsSafeToRetry);
        Assert.Contains("none of the offered QUIC versions", failure.Message);
        Assert.AreEqual(1, server.State.VersionNegotiations);
        await server.EmptyAsync();
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Datagram_OfAnUnknownVersion_IsAnsweredWithTheVersionsOfTheListener(string address)
    {
        var engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { Versions = [QuicVersion.Version1, QuicVersion.Version2] });
        using var socket = new Socket(server.EndPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server.EndPoint);
        byte[] destination = [1, 2, 3, 4, 5, 6, 7, 8];
        byte[] source = [9, 10, 11, 12, 13];
        await socket.SendAsync(LongHeader(MadeUpVersion, destination, source, 1200));
        byte[] answer = new byte[2000];
        int length = await socket.ReceiveAsync(answer).WithTimeout();

        // RFC 8999, section 6: version 0, the ids swapped, then the versions.
        ReadOnlySpan<byte> packet = answer.AsSpan(0, length);
        Assert.AreEqual(0x80, packet[0] & 0x80);
        Assert.AreEqual(0u, BinaryPrimitives.ReadUInt32BigEndian(packet[1..]));
        Assert.AreEqual(source.Length, packet[5]);
        Assert.IsTrue(packet.Slice(6, source.Length).SequenceEqual(source));
        ReadOnlySpan<byte> rest = packet[(6 + source.Length)..];
        Assert.AreEqual(destination.Length, rest[0]);
        Assert.IsTrue(rest.Slice(1, destination.Length).SequenceEqual(destination));
        var versions = new List<uint>();
        for (rest = rest[(1 + destination.Length)..]; !rest.IsEmpty; rest = rest[4..])
        {
            versions.Add(BinaryPrimitives.ReadUInt32BigEndian(rest));
        }

        Assert.AreEqual((uint)QuicVersion.Version1, versions[0]);
        Assert.AreEqual((uint)QuicVersion.Version2, versions[1]);
        Assert.HasCount(3, versions);
        Assert.AreEqual(0x0a0a0a0au, versions[2] & 0x0f0f0f0f, "A reserved version keeps the list open (RFC 9000, section 6.3).");
        Assert.AreEqual((0, 0), await CountAsync(server.Loops));
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Datagram_OfAnUnknownVersionThatIsShort_IsNotAnswered(string address)
    {
        var engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        using var socket = new Socket(server.EndPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server.EndPoint);

        // Less than a client's first datagram must have: an answer would make the server an amplifier (RFC 9000, section 6.1).
        await socket.SendAsync(LongHeader(MadeUpVersion, [1, 2, 3, 4, 5, 6, 7, 8], [9], 1199));
        await socket.SendAsync(LongHeader(MadeUpVersion, [1, 2, 3, 4, 5, 6, 7, 8], [10], 1200));
        byte[] answer = new byte[2000];
        await socket.ReceiveAsync(answer).WithTimeout();
        Assert.AreEqual(10, answer[6], "The answer belongs to the second datagram; the first one had none.");
        Assert.AreEqual(1, server.State.VersionNegotiations);
    }

    [TestMethod]
    public async Task Listen_OnAllAddresses_ServesBothFamiliesFromTheAddressThatWasAsked()
    {
        var engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn("::"));
        int port = server.EndPoint.Port;
        foreach (string address in (string[])["127.0.0.1", "127.0.0.7", "::1"])
        {
            var remote = new IPEndPoint(IPAddress.Parse(address), port);

            // The client's kernel would throw away answers from another address, as its path is that of the library.
            TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(remote)).WithTimeout());
            TransportConnection accepted = await server.NextConnectionAsync();
            await Echo.RoundTripAsync(client, "dual stack");
            Assert.AreEqual(remote, accepted.LocalEndPoint);
            Assert.AreEqual(remote.AddressFamily, accepted.RemoteEndPoint.AddressFamily);
            Assert.AreEqual(client.LocalEndPoint, accepted.RemoteEndPoint);
        }
    }

    private static byte[] LongHeader(uint version, byte[] destination, byte[] source, int length)
    {
        byte[] packet = new byte[length];
        packet[0] = 0xc0;
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(1), version);
        packet[5] = (byte)destination.Length;
        destination.CopyTo(packet, 6);
        packet[6 + destination.Length] = (byte)source.Length;
        source.CopyTo(packet, 7 + destination.Length);
        return packet;
    }
}
