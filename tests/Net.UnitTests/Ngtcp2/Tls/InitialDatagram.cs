using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Net.UnitTests.Ngtcp2.Tls;

/// <summary>Makes the first datagram of a QUIC client around any handshake bytes (RFC 9000, section 17.2.2; RFC 9001, section 5), so that a server can be given what no TLS library would send.</summary>
internal static class InitialDatagram
{
    private const int DatagramLength = 1200;
    private const int TagLength = 16;

    private static readonly byte[] Salt = Convert.FromHexString("38762cf7f55934b34d179ae6a4c80cadccbb7f0a");

    /// <summary>A ClientHello that a server answers: TLS 1.3, X25519 with a key of random bytes, ALPN net/1, and transport parameters.</summary>
    /// <param name="random">Makes the key and the client's random value.</param>
    /// <param name="hasTransportParameters">Whether QUIC's transport parameters are in it.</param>
    /// <param name="serverName">The name of the server.</param>
    public static byte[] ClientHello(Random random, bool hasTransportParameters = true, string serverName = "a.example")
    {
        byte[] key = new byte[32];
        byte[] clientRandom = new byte[32];
        random.NextBytes(key);
        random.NextBytes(clientRandom);
        byte[] extensions =
        [
            .. Extension(0, [.. Number(serverName.Length + 3), 0, .. Number(serverName.Length), .. Encoding.ASCII.GetBytes(serverName)]),
            .. Extension(10, [0, 2, 0, 0x1d]),
            .. Extension(13, [0, 4, 4, 3, 8, 4]),
            .. Extension(16, [0, 6, 5, .. "net/1"u8]),
            .. Extension(43, [2, 3, 4]),
            .. Extension(45, [1, 1]),
            .. Extension(51, [0, 36, 0, 0x1d, 0, 32, .. key]),

            // initial_source_connection_id with the eight bytes of every datagram made here.
            .. hasTransportParameters ? Extension(57, [0x0f, 8, .. SourceId]) : [],
        ];
        byte[] body = [3, 3, .. clientRandom, 0, 0, 2, 0x13, 0x01, 1, 0, .. Number(extensions.Length), .. extensions];
        return [1, 0, .. Number(body.Length), .. body];
    }

    /// <summary>Wraps handshake bytes, at most about 1,100.</summary>
    public static byte[] Wrap(ReadOnlySpan<byte> handshake, Random random)
    {
        byte[] destination = new byte[18];
        random.NextBytes(destination);
        return Wrap(handshake, destination, []);
    }

    /// <summary>Wraps handshake bytes, at most about 1,000 with a token.</summary>
    /// <param name="handshake">The bytes.</param>
    /// <param name="destination">The id that it is sent to; after a Retry that of the server.</param>
    /// <param name="token">The token of a Retry, at most 200 bytes; empty without one.</param>
    public static byte[] Wrap(ReadOnlySpan<byte> handshake, byte[] destination, ReadOnlySpan<byte> token)
    {
        byte[] tokenLength = Number(0x4000 | token.Length);
        int payloadLength = DatagramLength - (1 + 4 + 1 + destination.Length + 1 + SourceId.Length + tokenLength.Length + token.Length + 2 + 4) - TagLength;
        byte[] header =
        [
            0xc3, 0, 0, 0, 1, (byte)destination.Length, .. destination, (byte)SourceId.Length, .. SourceId,
            .. tokenLength, .. token, .. Number(0x4000 | (4 + payloadLength + TagLength)), 0, 0, 0, 0,
        ];
        byte[] payload = new byte[payloadLength];
        byte[] frame = [6, 0, .. Number(0x4000 | handshake.Length), .. handshake];
        frame.CopyTo(payload, 0);

        byte[] secret = ExpandLabel(HKDF.Extract(HashAlgorithmName.SHA256, destination, Salt), "client in", 32);
        byte[] cipher = new byte[payloadLength];
        byte[] tag = new byte[TagLength];
        using (var aead = new AesGcm(ExpandLabel(secret, "quic key", 16), TagLength))
        {
            // The packet number is 0, so the nonce is the IV.
            aead.Encrypt(ExpandLabel(secret, "quic iv", 12), payload, cipher, tag, header);
        }

        byte[] datagram = [.. header, .. cipher, .. tag];
        using Aes block = Aes.Create();
        block.Key = ExpandLabel(secret, "quic hp", 16);
        byte[] mask = block.EncryptEcb(datagram.AsSpan(header.Length, 16), PaddingMode.None);
        datagram[0] ^= (byte)(mask[0] & 0x0f);
        for (int i = 0; i < 4; i++)
        {
            datagram[header.Length - 4 + i] ^= mask[1 + i];
        }

        return datagram;
    }

    private static ReadOnlySpan<byte> SourceId => "clientid"u8;

    private static byte[] Number(int value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }

    private static byte[] Extension(ushort type, ReadOnlySpan<byte> content) => [.. Number(type), .. Number(content.Length), .. content];

    private static byte[] ExpandLabel(byte[] secret, string label, int length)
    {
        byte[] text = Encoding.ASCII.GetBytes("tls13 " + label);
        return HKDF.Expand(HashAlgorithmName.SHA256, secret, length, [.. Number(length), (byte)text.Length, .. text, 0]);
    }
}
