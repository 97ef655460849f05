using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Net.Chaos.Quic;

/// <summary>The keys of the client's Initial packets, which everyone can derive who sees the first of them (RFC 9001 section 5.2, RFC 9369 section 3.3).</summary>
internal sealed class InitialKeys : IDisposable
{
    private const int SampleBytes = 16;
    private const int TagBytes = 16;
    private const int NonceBytes = 12;
    private readonly AesGcm _packet;
    private readonly Aes _header;
    private readonly byte[] _nonce;

    private InitialKeys(AesGcm packet, Aes header, byte[] nonce)
    {
        _packet = packet;
        _header = header;
        _nonce = nonce;
    }

    /// <summary>Derives the keys.</summary>
    /// <param name="version">The QUIC version.</param>
    /// <param name="destinationId">The destination identifier of the client's first Initial.</param>
    /// <param name="isClient">Whose packets are to be opened.</param>
    /// <returns><c>null</c> when the version is not known.</returns>
    internal static InitialKeys? Derive(uint version, ReadOnlySpan<byte> destinationId, bool isClient)
    {
        ReadOnlySpan<byte> salt = version switch
        {
            QuicVersions.One => [0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a],
            QuicVersions.Two => [0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9],
            _ => default,
        };
        if (salt.IsEmpty)
        {
            return null;
        }

        string prefix = version == QuicVersions.Two ? "quicv2 " : "quic ";
        Span<byte> initial = stackalloc byte[32];
        Span<byte> secret = stackalloc byte[32];
        Span<byte> key = stackalloc byte[16];
        HKDF.Extract(HashAlgorithmName.SHA256, destinationId, salt, initial);
        Expand(initial, isClient ? "client in" : "server in", secret);
        byte[] nonce = new byte[NonceBytes];
        Expand(secret, prefix + "iv", nonce);
        Expand(secret, prefix + "hp", key);
        var header = Aes.Create();
        header.Key = key.ToArray();
        Expand(secret, prefix + "key", key);
        return new InitialKeys(new AesGcm(key, TagBytes), header, nonce);
    }

    /// <summary>Takes the protection off an Initial packet (RFC 9001 sections 5.3 and 5.4).</summary>
    /// <returns>The frames; <c>null</c> when the packet was not made with these keys, or was damaged.</returns>
    internal byte[]? Open(in QuicPacketView packet)
    {
        int number = packet.NumberOffset;
        if (packet.Bytes.Length < number + 4 + SampleBytes)
        {
            return null;
        }

        byte[] bytes = packet.Bytes.ToArray();
        Span<byte> mask = stackalloc byte[SampleBytes];
        _header.EncryptEcb(bytes.AsSpan(number + 4, SampleBytes), mask, PaddingMode.None);
        bytes[0] ^= (byte)(mask[0] & 0x0f);
        int numberLength = (bytes[0] & 3) + 1;
        ulong value = 0;
        for (int i = 0; i < numberLength; i++)
        {
            bytes[number + i] ^= mask[1 + i];
            value = (value << 8) | bytes[number + i];
        }

        Span<byte> nonce = stackalloc byte[NonceBytes];
        _nonce.CopyTo(nonce);
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], BinaryPrimitives.ReadUInt64BigEndian(nonce[4..]) ^ value);
        int start = number + numberLength;
        byte[] plain = new byte[bytes.Length - start - TagBytes];
        try
        {
            _packet.Decrypt(nonce, bytes.AsSpan(start, plain.Length), bytes.AsSpan(bytes.Length - TagBytes), plain, bytes.AsSpan(0, start));
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>Protects a client's Initial packet (RFC 9001 sections 5.3 and 5.4).</summary>
    /// <param name="version">The version that the keys are of.</param>
    /// <param name="destinationId">The identifier that the keys were derived from.</param>
    /// <param name="sourceId">The sender's identifier.</param>
    /// <param name="frames">What it holds, at least four bytes.</param>
    /// <returns>The packet, with the number 0 and no token.</returns>
    internal byte[] Seal(uint version, ReadOnlySpan<byte> destinationId, ReadOnlySpan<byte> sourceId, ReadOnlySpan<byte> frames)
    {
        const int numberBytes = 4;
        const int twoBytes = 0x40;
        int length = numberBytes + frames.Length + TagBytes;
        byte first = (byte)((version == QuicVersions.Two ? 0xD0 : 0xC0) | (numberBytes - 1));
        byte[] header =
        [
            first, (byte)(version >> 24), (byte)(version >> 16), (byte)(version >> 8), (byte)version, (byte)destinationId.Length, .. destinationId, (byte)sourceId.Length, .. sourceId, 0,
            (byte)(twoBytes | (length >> 8)), (byte)length, 0, 0, 0, 0,
        ];
        byte[] packet = [.. header, .. frames, .. new byte[TagBytes]];
        Span<byte> body = packet.AsSpan(header.Length, frames.Length);
        _packet.Encrypt(_nonce, frames, body, packet.AsSpan(packet.Length - TagBytes), header);
        Span<byte> mask = stackalloc byte[SampleBytes];
        _header.EncryptEcb(packet.AsSpan(header.Length, SampleBytes), mask, PaddingMode.None);
        packet[0] ^= (byte)(mask[0] & 0x0f);
        for (int i = 0; i < numberBytes; i++)
        {
            packet[header.Length - numberBytes + i] ^= mask[1 + i];
        }

        return packet;
    }

    public void Dispose()
    {
        _packet.Dispose();
        _header.Dispose();
    }

    // HKDF-Expand-Label of TLS 1.3 (RFC 8446 section 7.1) with an empty context.
    private static void Expand(ReadOnlySpan<byte> secret, string label, Span<byte> output)
    {
        byte[] text = Encoding.ASCII.GetBytes("tls13 " + label);
        byte[] info = [(byte)(output.Length >> 8), (byte)output.Length, (byte)text.Length, .. text, 0];
        HKDF.Expand(HashAlgorithmName.SHA256, secret, output, info);
    }
}
