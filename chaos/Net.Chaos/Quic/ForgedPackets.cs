using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Net.Chaos.Quic;

/// <summary>Packets that anyone on the path can make, because they are not protected with a secret.</summary>
internal static class ForgedPackets
{
    private const int TagBytes = 16;

    /// <summary>A Version Negotiation packet as an answer to a client's packet (RFC 9000 section 17.2.1).</summary>
    /// <param name="client">The client's packet.</param>
    /// <param name="versions">What it offers.</param>
    internal static byte[] VersionNegotiation(in QuicPacketView client, ReadOnlySpan<uint> versions)
    {
        byte[] packet = [0xC0, 0, 0, 0, 0, (byte)client.SourceId.Length, .. client.SourceId, (byte)client.DestinationId.Length, .. client.DestinationId, .. new byte[4 * versions.Length]];
        for (int i = 0; i < versions.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(packet.Length - (4 * (versions.Length - i))), versions[i]);
        }

        return packet;
    }

    /// <summary>A Retry packet as an answer to a client's Initial (RFC 9000 section 17.2.5, RFC 9001 section 5.8, RFC 9369 section 3.3.3).</summary>
    /// <param name="client">The client's Initial.</param>
    /// <param name="serverId">The identifier that the client is to use from now on.</param>
    /// <param name="token">The token that it is to send.</param>
    /// <param name="isValid">Whether the integrity tag is right; its key is no secret.</param>
    internal static byte[] Retry(in QuicPacketView client, ReadOnlySpan<byte> serverId, ReadOnlySpan<byte> token, bool isValid)
    {
        bool isTwo = client.Version == QuicVersions.Two;
        byte[] packet =
        [
            (byte)(isTwo ? 0xC0 : 0xF0), (byte)(client.Version >> 24), (byte)(client.Version >> 16), (byte)(client.Version >> 8), (byte)client.Version,
            (byte)client.SourceId.Length, .. client.SourceId, (byte)serverId.Length, .. serverId, .. token, .. new byte[TagBytes],
        ];
        Span<byte> tag = packet.AsSpan(packet.Length - TagBytes);
        byte[] pseudo = [(byte)client.DestinationId.Length, .. client.DestinationId, .. packet.AsSpan(0, packet.Length - TagBytes)];
        ReadOnlySpan<byte> key = isTwo
            ? [0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2, 0x60, 0xfb, 0xcb, 0xce, 0xad, 0x7c, 0xcc, 0x92]
            : [0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a, 0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e];
        ReadOnlySpan<byte> nonce = isTwo
            ? [0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a]
            : [0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb];
        using var aead = new AesGcm(key, TagBytes);
        aead.Encrypt(nonce, [], [], tag, pseudo);
        if (!isValid)
        {
            tag[0] ^= 1;
        }

        return packet;
    }
}
