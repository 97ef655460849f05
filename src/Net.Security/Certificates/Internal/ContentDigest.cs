using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Net.Security.Internal;

/// <summary>SHA-256 over several pieces.</summary>
internal static class ContentDigest
{
    internal static byte[] Of(IEnumerable<byte[]> pieces)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (byte[] piece in pieces)
        {
            // The length goes in front so that no two different lists give the same bytes.
            BinaryPrimitives.WriteInt32LittleEndian(length, piece.Length);
            hash.AppendData(length);
            hash.AppendData(piece);
        }

        return hash.GetHashAndReset();
    }
}
