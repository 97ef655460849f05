using System.Security.Cryptography;
using Net.Chaos.Quic;
using Net.Testing;
using Net.UnitTests.Ngtcp2.Tls;

namespace Net.ChaosTests.Quic;

/// <summary>What is read of packets, against the examples of the RFCs and against malformed ones.</summary>
[TestClass]
public sealed class QuicPacketTests
{
    // RFC 9001 appendix A.4 and RFC 9369 appendix A.4.
    private const string RetryOne = "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba";
    private const string RetryTwo = "cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6";
    private const string OriginalId = "8394c8f03e515708";

    [TestMethod]
    [DataRow(RetryOne)]
    [DataRow(RetryTwo)]
    public void Retry_AsInTheRfc_HasTheSameTag(string expected)
    {
        byte[] wanted = Convert.FromHexString(expected);
        QuicPacketView retry = QuicPacketView.Read(wanted, 0);
        Assert.AreEqual(QuicPacketKinds.Retry, retry.Kind);
        byte[] initial = [0xc0, .. wanted.AsSpan(1, 4), 8, .. Convert.FromHexString(OriginalId), 0, 0, 0x40, 0x10, .. new byte[16]];
        initial[0] = wanted[1] == 0 ? (byte)0xc0 : (byte)0xd0;

        byte[] made = ForgedPackets.Retry(QuicPacketView.Read(initial, 0), retry.SourceId, "token"u8, isValid: true);

        // The low bits of the first byte may be anything; the tag covers them, so the RFC's are put in for the comparison.
        Assert.AreEqual(wanted.Length, made.Length);
        Assert.AreSequenceEqual(wanted.AsSpan(1, wanted.Length - 17).ToArray(), made.AsSpan(1, made.Length - 17).ToArray());
        Assert.AreSequenceEqual(Tag(wanted, made[0]), made.AsSpan(made.Length - 16).ToArray());
        Assert.AreSequenceEqual(Tag(wanted, wanted[0]), wanted.AsSpan(wanted.Length - 16).ToArray());
    }

    [TestMethod]
    public void Keys_OfAClientInitial_OpenItAndReadTheServerName()
    {
        var random = new Random(TestSeed.Take());
        byte[] datagram = InitialDatagram.Wrap(InitialDatagram.ClientHello(random, serverName: "cut.example"), random);
        QuicPacketView packet = QuicPacketView.Read(datagram, 0);
        Assert.AreEqual(QuicPacketKinds.Initial, packet.Kind);

        var connection = new QuicConnection(0, packet.Version, packet.DestinationId);
        connection.Read(packet);
        Assert.AreEqual("cut.example", connection.ServerName);

        datagram[^1] ^= 1;
        using InitialKeys keys = InitialKeys.Derive(QuicVersions.One, packet.DestinationId, isClient: true)!;
        Assert.IsNull(keys.Open(QuicPacketView.Read(datagram, 0)), "A damaged packet does not open.");
    }

    [TestMethod]
    [DataRow(QuicVersions.One, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "client in")]
    [DataRow(QuicVersions.Two, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "client in")]
    public void Keys_OfTheRfcsExample_SealWhatOpens(uint version, string key, string iv, string role)
    {
        // Sealed here with the RFC's keys (RFC 9001 appendix A.1, RFC 9369 appendix A.1), opened with derived ones.
        byte[] id = Convert.FromHexString(OriginalId);
        byte[] header = [(byte)(version == QuicVersions.One ? 0xc0 : 0xd0), (byte)(version >> 24), (byte)(version >> 16), (byte)(version >> 8), (byte)version, 8, .. id, 0, 0, 0x40, 1 + 40 + 16, 0];
        byte[] plain = [.. "frames"u8, .. new byte[34]];
        byte[] sealedBytes = new byte[plain.Length + 16];
        using (var aead = new AesGcm(Convert.FromHexString(key), 16))
        {
            aead.Encrypt(Convert.FromHexString(iv), plain, sealedBytes.AsSpan(0, plain.Length), sealedBytes.AsSpan(plain.Length), header);
        }

        byte[] packet = [.. header, .. sealedBytes];
        using var mask = Aes.Create();
        mask.Key = Convert.FromHexString(version == QuicVersions.One ? "9f50449e04a0e810283a1e9933adedd2" : "45b95e15235d6f45a6b19cbcb0294ba9");
        byte[] bits = mask.EncryptEcb(packet.AsSpan(header.Length - 1 + 4, 16), PaddingMode.None);
        packet[0] ^= (byte)(bits[0] & 0x0f);
        packet[header.Length - 1] ^= bits[1];

        using InitialKeys keys = InitialKeys.Derive(version, id, role == "client in")!;
        Assert.AreSequenceEqual(plain, keys.Open(QuicPacketView.Read(packet, 0)));
    }

    [TestMethod]
    [DataRow(QuicVersions.One)]
    [DataRow(QuicVersions.Two)]
    public void Keys_OfAnotherIdentifier_SealAFirstFlightAnew(uint version)
    {
        var random = new Random(TestSeed.Take());
        byte[] id = new byte[16];
        byte[] frames = new byte[1200];
        random.NextBytes(id);
        random.NextBytes(frames);
        using InitialKeys keys = InitialKeys.Derive(version, id, isClient: true)!;

        byte[] datagram = keys.Seal(version, id, [1, 2, 3], frames);

        QuicPacketView packet = QuicPacketView.Read(datagram, 0);
        Assert.AreEqual((QuicPacketKinds.Initial, version, datagram.Length), (packet.Kind, packet.Version, packet.Bytes.Length));
        Assert.AreSequenceEqual(id, packet.DestinationId.ToArray());
        Assert.AreSequenceEqual((byte[])[1, 2, 3], packet.SourceId.ToArray());
        Assert.AreSequenceEqual(frames, keys.Open(packet));
        using InitialKeys others = InitialKeys.Derive(version, [1, 2, 3, 4, 5, 6, 7, 8], isClient: true)!;
        Assert.IsNull(others.Open(packet));
    }

    [TestMethod]
    public void Datagram_WithPacketsTogether_IsTakenApart()
    {
        byte[] datagram = [.. QuicBytes.Long(QuicPacketKinds.Initial, 30), .. QuicBytes.Long(QuicPacketKinds.ZeroRtt, 20), .. QuicBytes.Long(QuicPacketKinds.Handshake, 40), .. QuicBytes.Short(25)];
        List<(QuicPacketKinds Kind, int Length)> seen = [];

        foreach (QuicPacketView packet in new QuicDatagram(datagram))
        {
            seen.Add((packet.Kind, packet.Bytes.Length));
        }

        Assert.AreSequenceEqual(
            [(QuicPacketKinds.Initial, 30), (QuicPacketKinds.ZeroRtt, 20), (QuicPacketKinds.Handshake, 40), (QuicPacketKinds.OneRtt, 25)], seen);
    }

    [TestMethod]
    public void Datagram_OfRandomBytes_NeverThrowsAndAlwaysEnds()
    {
        var random = new Random(TestSeed.Take());
        var hello = new ClientHelloReader();
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = new byte[random.Next(0, 120)];
            random.NextBytes(bytes);
            if (bytes.Length > 5 && random.Next(2) == 0)
            {
                ((byte[])[0, 0, 0, 1]).CopyTo(bytes, 1);
            }

            int total = 0;
            foreach (QuicPacketView packet in new QuicDatagram(bytes))
            {
                total += packet.Bytes.Length;
                Assert.IsGreaterThan(0, packet.Bytes.Length);
            }

            Assert.AreEqual(bytes.Length, total);
            hello.Add(bytes);
        }
    }

    private static byte[] Tag(byte[] retry, byte first)
    {
        bool isTwo = retry[1] != 0;
        byte[] id = Convert.FromHexString(OriginalId);
        byte[] pseudo = [(byte)id.Length, .. id, first, .. retry.AsSpan(1, retry.Length - 17)];
        byte[] tag = new byte[16];
        using var aead = new AesGcm(Convert.FromHexString(isTwo ? "8fb4b01b56ac48e260fbcbcead7ccc92" : "be0c690b9f66575a1d766b54e368c84e"), 16);
        aead.Encrypt(Convert.FromHexString(isTwo ? "d86969bc2d7c6d9990efb04a" : "461599d35d632bf2239825bb"), Array.Empty<byte>(), Array.Empty<byte>(), tag, pseudo);
        return tag;
    }
}
