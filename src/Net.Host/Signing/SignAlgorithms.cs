using System.Security.Cryptography;
using Net.Protocol.Crypto;

namespace Net.Hosting.Signing;

/// <summary>The algorithms of <c>crypto.CryptoService</c> as a person names them, and how each verifies.</summary>
internal static class SignAlgorithms
{
    private static readonly (SignatureAlgorithm Algorithm, string Name)[] Known =
    [
        (SignatureAlgorithm.EcdsaP256Sha256, "ecdsa-p256-sha256"),
        (SignatureAlgorithm.EcdsaP384Sha384, "ecdsa-p384-sha384"),
        (SignatureAlgorithm.RsaPkcs1Sha256, "rsa-pkcs1-sha256"),
        (SignatureAlgorithm.RsaPssSha256, "rsa-pss-sha256"),
    ];

    internal static string[] Names => [.. Known.Select(static known => known.Name)];

    internal static SignatureAlgorithm Parse(string name) => Known.Single(known => known.Name == name).Algorithm;

    internal static string NameOf(SignatureAlgorithm algorithm) => Known.Single(known => known.Algorithm == algorithm).Name;

    /// <summary>Options of <c>openssl dgst</c> for a signature of the algorithm.</summary>
    internal static string OpenSslOptions(SignatureAlgorithm algorithm) => algorithm switch
    {
        SignatureAlgorithm.RsaPssSha256 => "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32",
        SignatureAlgorithm.EcdsaP384Sha384 => "-sha384",
        _ => "-sha256",
    };

    /// <summary>Whether a signature is one of a key over data. What is no key at all verifies nothing.</summary>
    internal static bool Verify(SignatureAlgorithm algorithm, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        try
        {
            if (algorithm is SignatureAlgorithm.RsaPkcs1Sha256 or SignatureAlgorithm.RsaPssSha256)
            {
                using RSA rsa = RSA.Create();
                rsa.ImportSubjectPublicKeyInfo(publicKey, out _);
                return rsa.VerifyData(data, signature, HashAlgorithmName.SHA256, algorithm == SignatureAlgorithm.RsaPssSha256 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
            }

            using ECDsa ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(publicKey, out _);
            HashAlgorithmName hash = algorithm == SignatureAlgorithm.EcdsaP384Sha384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256;
            return ecdsa.VerifyData(data, signature, hash, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
