using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Net.Security;

/// <summary>The SHA-256 of a credential: what a checked one is remembered by, so that memory holds no tokens and keys.</summary>
internal readonly record struct CredentialDigest(ulong A, ulong B, ulong C, ulong D)
{
    internal static CredentialDigest Of(ReadOnlySpan<char> credential)
    {
        Span<ulong> hash = stackalloc ulong[4];

        // The characters' own bytes: nobody but this process sees the hash.
        SHA256.HashData(MemoryMarshal.AsBytes(credential), MemoryMarshal.AsBytes(hash));
        return new CredentialDigest(hash[0], hash[1], hash[2], hash[3]);
    }
}
