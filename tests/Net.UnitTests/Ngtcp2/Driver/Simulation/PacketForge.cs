using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Net.UnitTests.Ngtcp2.Driver.Simulation;

/// <summary>Opens packets of one direction of a connection and seals them again with other contents, as a peer can that has the keys (RFC 9001, section 5). Version 1, AES-128-GCM, first keys.</summary>
internal sealed class PacketForge : IDisposable
{
    private const int IdLength = 12;
    private const int TagLength = 16;
    private readonly AesGcm _aead;
    private readonly Aes _headerProtection;
    private readonly byte[] _iv;
    private long _largest = -1;

    private PacketForge(byte[] secret)
    {
        _aead = new AesGcm(ExpandLabel(secret, "quic key", 16), TagLength);
        _iv = ExpandLabel(secret, "quic iv", 12);
        _headerProtection = Aes.Create();
        _headerProtection.Key = ExpandLabel(secret, "quic hp", 16);
    }

    /// <summary>Takes the secret of a direction out of a key log file.</summary>
    internal static PacketForge FromKeyLog(string path, string label)
    {
        // The writer still has the file open.
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        string line = reader.ReadToEnd().Split('\n').Last(l => l.StartsWith(label + " ", StringComparison.Ordinal));
        return new PacketForge(Convert.FromHexString(line.Split(' ')[2]));
    }

    public void Dispose()
    {
        _aead.Dispose();
        _headerProtection.Dispose();
    }

    /// <summary>Changes the frames of a packet with a short header.</summary>
    /// <param name="datagram">The datagram, one packet.</param>
    /// <param name="change">Gives the new frames for the old ones.</param>
    /// <returns>The datagram to send instead; the same one when it is no such packet.</returns>
    internal byte[] Change(byte[] datagram, Func<byte[], byte[]> change)
    {
        if ((datagram[0] & 0x80) != 0 || datagram.Length < 1 + IdLength + 4 + TagLength)
        {
            return datagram;
        }

        byte[] mask = Mask(datagram);
        byte first = (byte)(datagram[0] ^ (mask[0] & 0x1f));
        int numberLength = (first & 3) + 1;
        byte[] header = datagram[..(1 + IdLength + numberLength)];
        header[0] = first;
        long truncated = 0;
        for (int i = 0; i < numberLength; i++)
        {
            header[1 + IdLength + i] ^= mask[1 + i];
            truncated = (truncated << 8) | header[1 + IdLength + i];
        }

        long number = Expand(truncated, 8 * numberLength);
        byte[] nonce = [.. _iv];
        BinaryPrimitives.WriteInt64BigEndian(nonce.AsSpan(4), BinaryPrimitives.ReadInt64BigEndian(nonce.AsSpan(4)) ^ number);
        byte[] frames = new byte[datagram.Length - header.Length - TagLength];
        try
        {
            _aead.Decrypt(nonce, datagram.AsSpan(header.Length, frames.Length), datagram.AsSpan(datagram.Length - TagLength), frames, header);
        }
        catch (AuthenticationTagMismatchException)
        {
            // A stateless reset, which only looks like a packet.
            return datagram;
        }

        _largest = Math.Max(_largest, number);

        // Long enough for the sample that header protection takes.
        byte[] changed = change(frames);
        Array.Resize(ref changed, Math.Max(changed.Length, 4));
        byte[] cipher = new byte[changed.Length];
        byte[] tag = new byte[TagLength];
        _aead.Encrypt(nonce, changed, cipher, tag, header);
        byte[] forged = [.. header, .. cipher, .. tag];
        mask = Mask(forged);
        forged[0] ^= (byte)(mask[0] & 0x1f);
        for (int i = 0; i < numberLength; i++)
        {
            forged[1 + IdLength + i] ^= mask[1 + i];
        }

        return forged;
    }

    private byte[] Mask(byte[] datagram) => _headerProtection.EncryptEcb(datagram.AsSpan(1 + IdLength + 4, 16), PaddingMode.None);

    private long Expand(long truncated, int bits)
    {
        long window = 1L << bits;
        long candidate = ((_largest + 1) & ~(window - 1)) | truncated;
        return candidate <= _largest + 1 - (window / 2) ? candidate + window
            : candidate > _largest + 1 + (window / 2) && candidate >= window ? candidate - window
            : candidate;
    }

    private static byte[] ExpandLabel(byte[] secret, string label, int length)
    {
        byte[] text = Encoding.ASCII.GetBytes("tls13 " + label);
        return HKDF.Expand(HashAlgorithmName.SHA256, secret, length, [0, (byte)length, (byte)text.Length, .. text, 0]);
    }
}
