using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Net.Chaos.Ledgers;

/// <summary>SHA-256 of what a call carried.</summary>
internal readonly record struct CallDigest(UInt128 High, UInt128 Low)
{
    internal const int Length = 32;

    internal static CallDigest Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Length];
        SHA256.HashData(content, hash);
        return FromHash(hash);
    }

    internal static CallDigest FromHash(ReadOnlySpan<byte> hash) => new(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));

    internal static bool TryParse(ReadOnlySpan<char> text, out CallDigest digest)
    {
        digest = default;
        if (text.Length != 2 * Length
            || !UInt128.TryParse(text[..Length], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 high)
            || !UInt128.TryParse(text[Length..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 low))
        {
            return false;
        }

        digest = new CallDigest(high, low);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x32}{Low:x32}");
}
