using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Net.Security.Internal;

/// <summary>Keys of session tickets: new ones for each snapshot, so that a session never outlives the identity and the trust it was begun under.</summary>
internal static class TicketKeys
{
    private const int Size = 64;

    /// <summary>The secret of one snapshot.</summary>
    /// <param name="shared">What servers share, or empty.</param>
    /// <param name="contentDigest">SHA-256 over the content of the snapshot, which servers with the same files have, too.</param>
    internal static byte[] NewSecret(ReadOnlyMemory<byte> shared, byte[] contentDigest) => shared.IsEmpty
        ? RandomNumberGenerator.GetBytes(Size)
        : HKDF.DeriveKey(HashAlgorithmName.SHA256, shared.ToArray(), Size, contentDigest, Encoding.ASCII.GetBytes("net session ticket secret 1"));

    /// <summary>The key for one identity: a session that was begun under one must not be resumed under another.</summary>
    internal static byte[] Derive(ReadOnlySpan<byte> secret, int identity)
    {
        byte[] key = new byte[Size];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, salt: default, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"net session ticket key 1 {identity}")));
        return key;
    }
}
