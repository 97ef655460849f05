using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Net.SecurityTests.Tokens;

/// <summary>Makes tokens, right ones and all kinds of wrong ones.</summary>
internal static class TokenMaker
{
    internal const string Issuer = "https://issuer.test";
    internal const string Audience = "https://service.test";

    internal static readonly RSA Rsa = RSA.Create(2048);
    internal static readonly RSA OtherRsa = RSA.Create(2048);
    internal static readonly ECDsa P256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    internal static readonly ECDsa P384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    internal static readonly ECDsa P521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);
    internal static readonly byte[] Secret = RandomNumberGenerator.GetBytes(64);

    internal static string Header(string algorithm, string? more = null) => $$"""{"alg":"{{algorithm}}","typ":"JWT"{{(more is null ? "" : "," + more)}}}""";

    /// <summary>Claims that are good at <paramref name="now"/>; <paramref name="more"/> comes after them.</summary>
    internal static string Claims(DateTimeOffset now, string? more = null, long? expires = null, string audience = Audience, string issuer = Issuer, string subject = "alice") =>
        $$"""{"iss":"{{issuer}}","aud":"{{audience}}","sub":"{{subject}}","iat":{{now.ToUnixTimeSeconds()}},"exp":{{expires ?? now.ToUnixTimeSeconds() + 300}}{{(more is null ? "" : "," + more)}}}""";

    internal static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    internal static string Encode(string text) => Encode(Encoding.UTF8.GetBytes(text));

    internal static string Unsigned(string header, string claims) => $"{Encode(header)}.{Encode(claims)}";

    internal static string Sign(string algorithm, string claims, string? more = null) => SignWith(Header(algorithm, more), claims, algorithm);

    /// <summary>Signs with the right key of an algorithm, whatever the header says.</summary>
    internal static string SignWith(string header, string claims, string algorithm)
    {
        string body = Unsigned(header, claims);
        byte[] bytes = Encoding.ASCII.GetBytes(body);
        return $"{body}.{Encode(SignBytes(bytes, algorithm))}";
    }

    internal static byte[] SignBytes(byte[] bytes, string algorithm)
    {
        HashAlgorithmName hash = algorithm[2..] switch { "256" => HashAlgorithmName.SHA256, "384" => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };
        return algorithm[..2] switch
        {
            "HS" => algorithm switch { "HS256" => HMACSHA256.HashData(Secret, bytes), "HS384" => HMACSHA384.HashData(Secret, bytes), _ => HMACSHA512.HashData(Secret, bytes) },
            "RS" => Rsa.SignData(bytes, hash, RSASignaturePadding.Pkcs1),
            "PS" => Rsa.SignData(bytes, hash, RSASignaturePadding.Pss),
            _ => (algorithm switch { "ES256" => P256, "ES384" => P384, _ => P521 }).SignData(bytes, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
        };
    }
}
