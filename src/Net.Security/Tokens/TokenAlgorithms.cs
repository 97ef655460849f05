using System.Security.Cryptography;
using System.Text;

namespace Net.Security;

/// <summary>What each algorithm is made of.</summary>
internal static class TokenAlgorithms
{
    internal const string P256Oid = "1.2.840.10045.3.1.7";
    internal const string P384Oid = "1.3.132.0.34";
    internal const string P521Oid = "1.3.132.0.35";

    // Orders of the curves (SEC 2, sections 2.4.2, 2.5.1 and 2.6.1).
    private static readonly byte[] P256Order = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
    private static readonly byte[] P384Order = Convert.FromHexString("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973");
    private static readonly byte[] P521Order =
    [
        0x01, .. Convert.FromHexString("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"),
        .. Convert.FromHexString("FA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409"),
    ];

    /// <summary>Reads a name, letter for letter: <c>None</c>, <c>hs256</c> and whatever else are no algorithms.</summary>
    internal static bool TryParse(string? name, out TokenAlgorithm algorithm)
    {
        TokenAlgorithm? found = name switch
        {
            "HS256" => TokenAlgorithm.HS256,
            "HS384" => TokenAlgorithm.HS384,
            "HS512" => TokenAlgorithm.HS512,
            "RS256" => TokenAlgorithm.RS256,
            "RS384" => TokenAlgorithm.RS384,
            "RS512" => TokenAlgorithm.RS512,
            "PS256" => TokenAlgorithm.PS256,
            "PS384" => TokenAlgorithm.PS384,
            "PS512" => TokenAlgorithm.PS512,
            "ES256" => TokenAlgorithm.ES256,
            "ES384" => TokenAlgorithm.ES384,
            "ES512" => TokenAlgorithm.ES512,
            _ => null,
        };
        algorithm = found.GetValueOrDefault();
        return found is not null;
    }

    internal static bool IsHmac(TokenAlgorithm algorithm) => algorithm is >= TokenAlgorithm.HS256 and <= TokenAlgorithm.HS512;

    internal static bool IsRsa(TokenAlgorithm algorithm) => algorithm is >= TokenAlgorithm.RS256 and <= TokenAlgorithm.PS512;

    internal static bool IsEcdsa(TokenAlgorithm algorithm) => algorithm is >= TokenAlgorithm.ES256 and <= TokenAlgorithm.ES512;

    internal static int HashBytes(TokenAlgorithm algorithm) => ((int)algorithm % 3) switch { 0 => 32, 1 => 48, _ => 64 };

    internal static HashAlgorithmName HashOf(TokenAlgorithm algorithm) =>
        ((int)algorithm % 3) switch { 0 => HashAlgorithmName.SHA256, 1 => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };

    internal static RSASignaturePadding PaddingOf(TokenAlgorithm algorithm) =>
        algorithm is >= TokenAlgorithm.PS256 and <= TokenAlgorithm.PS512 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;

    internal static int Hmac(TokenAlgorithm algorithm, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> data, Span<byte> destination) => algorithm switch
    {
        TokenAlgorithm.HS256 => HMACSHA256.HashData(secret, data, destination),
        TokenAlgorithm.HS384 => HMACSHA384.HashData(secret, data, destination),
        _ => HMACSHA512.HashData(secret, data, destination),
    };

    /// <summary>Whether r and s of an ECDSA signature are each 1 to the order less 1 (FIPS 186-5, section 6.4.2). Zeros were once taken for a good signature by many.</summary>
    internal static bool IsInRange(TokenAlgorithm algorithm, ReadOnlySpan<byte> signature)
    {
        ReadOnlySpan<byte> order = algorithm switch { TokenAlgorithm.ES256 => P256Order, TokenAlgorithm.ES384 => P384Order, _ => P521Order };
        return signature.Length == 2 * order.Length && IsInRange(signature[..order.Length], order) && IsInRange(signature[order.Length..], order);
    }

    private static bool IsInRange(ReadOnlySpan<byte> number, ReadOnlySpan<byte> order) =>
        number.ContainsAnyExcept((byte)0) && number.SequenceCompareTo(order) < 0;
}
