using System.Net;
using System.Net.Sockets;
using Net.Ngtcp2.Udp;
using Net.UnitTests.Ngtcp2.Driver.Simulation;
using Net.UnitTests.Ngtcp2.Tls;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Address validation tokens in wrong hands: only the one that was given, to whom it was given, in time, proves an address.</summary>
[TestClass]
public sealed class HostileTokenTests : DriverTest
{
    private const int TagLength = 16;
    private const int Rounds = 300;

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void RetryToken_AsItWasGiven_IsAccepted(bool useIPv6)
    {
        using DriverPair pair = NewPair(useIPv6: useIPv6);
        SimulatedHost client = pair.AddClient();
        (byte[] id, byte[] token) = AskForToken(pair, client);
        Send(pair, client.OutsideAddress(0), Hello(pair, id, token));
        Assert.AreEqual(1, pair.State.Handshakes);
        Assert.AreEqual(1, pair.State.Retries);
    }

    [TestMethod]
    public void RetryToken_DamagedCutOrMadeUp_BeginsNoHandshake()
    {
        ForSeeds(3, static seed =>
        {
            using DriverPair pair = NewPair(seed);
            SimulatedHost client = pair.AddClient();
            (byte[] id, byte[] token) = AskForToken(pair, client);
            Random random = pair.Network.Random;
            for (int i = 0; i < Rounds; i++)
            {
                byte[] other = [.. token];
                switch (random.Next(4))
                {
                    case 0:
                        other[random.Next(other.Length)] ^= (byte)(1 << random.Next(8));
                        break;
                    case 1:
                        other = other[..random.Next(1, other.Length)];
                        break;
                    case 2:
                        other = [.. other, .. new byte[random.Next(1, 40)]];
                        break;
                    default:
                        random.NextBytes(other.AsSpan(random.Next(2)));
                        break;
                }

                Send(pair, client.OutsideAddress(0), Hello(pair, id, other));
                Assert.AreEqual(0, pair.State.Handshakes, Convert.ToHexString(other));
            }
        });
    }

    [TestMethod]
    [DataRow("10.0.0.77")]
    [DataRow("fd00::77")]
    public void RetryToken_FromAnotherAddressOrForAnotherId_BeginsNoHandshake(string otherAddress)
    {
        var other = IPAddress.Parse(otherAddress);
        using DriverPair pair = NewPair(useIPv6: other.AddressFamily == AddressFamily.InterNetworkV6);
        SimulatedHost client = pair.AddClient();
        (byte[] id, byte[] token) = AskForToken(pair, client);
        SocketAddressBuffer home = client.OutsideAddress(0);
        Send(pair, home.WithPort(home.Port + 1), Hello(pair, id, token));
        Send(pair, SocketAddressBuffer.From(other, home.Port), Hello(pair, id, token));
        byte[] otherId = [.. id];
        otherId[3] ^= 1;
        Send(pair, home, Hello(pair, otherId, token));
        Assert.AreEqual(0, pair.State.Handshakes);
        Send(pair, home, Hello(pair, id, token));
        Assert.AreEqual(1, pair.State.Handshakes, "The one that was given still holds.");
    }

    [TestMethod]
    [DataRow(9, true)]
    [DataRow(11, false)]
    public void RetryToken_AfterAWhile_HoldsForTenSeconds(int seconds, bool holds)
    {
        using DriverPair pair = NewPair();
        SimulatedHost client = pair.AddClient();
        (byte[] id, byte[] token) = AskForToken(pair, client);
        pair.Network.RunFor(Seconds(seconds));
        Send(pair, client.OutsideAddress(0), Hello(pair, id, token));
        Assert.AreEqual(holds ? 1 : 0, pair.State.Handshakes);
    }

    private static DriverPair NewPair(int seed = 1, bool useIPv6 = false) =>
        new(seed, static o => o with { RetryThreshold = 0, ApplicationProtocols = ["net/1"] }, useIPv6: useIPv6);

    private static byte[] Hello(DriverPair pair, byte[] id, byte[] token) =>
        InitialDatagram.Wrap(InitialDatagram.ClientHello(pair.Network.Random, serverName: SimulatedIdentities.ServerName), id, token);

    // RFC 9000, section 17.2.5: first byte, version, both ids with their lengths, token, tag.
    private static (byte[] Id, byte[] Token) AskForToken(DriverPair pair, SimulatedHost client)
    {
        byte[]? retry = null;
        pair.Network.Link(pair.Server, client).Filter = datagram =>
        {
            retry = datagram.Data;
            return false;
        };
        Send(pair, client.OutsideAddress(0), Hello(pair, [1, 2, 3, 4, 5, 6, 7, 8], []));
        Assert.IsNotNull(retry);
        Assert.AreEqual(0xf0, retry[0] & 0xf0);
        int position = 6 + retry[5];
        byte[] id = retry[(position + 1)..(position + 1 + retry[position])];
        return (id, retry[(position + 1 + id.Length)..^TagLength]);
    }

    // Not through the network, which does not let just anybody send.
    private static void Send(DriverPair pair, SocketAddressBuffer from, byte[] datagram)
    {
        pair.Server.Receive(0, from, datagram, 0);
        pair.Network.RunFor(TimeSpan.Zero);
    }
}
