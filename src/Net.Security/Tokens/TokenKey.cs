using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Net.Security;

/// <summary>A key that tokens are checked with, and the algorithms that it may be used for. A key is of one kind: no token can have an RSA key taken for a secret.</summary>
/// <remarks>Safe for use by many threads. Holds public keys, or secrets of HMAC; it is never written out.</remarks>
public sealed class TokenKey
{
    /// <summary>The smallest RSA key, in bits (RFC 7518, section 3.3).</summary>
    public const int MinRsaBits = 2048;

    /// <summary>The largest RSA key, in bits: checking with a larger one costs more than a caller may make the server spend.</summary>
    public const int MaxRsaBits = 8192;

    private readonly byte[] _secret = [];
    private readonly RSAParameters _rsa;
    private readonly ECParameters _ec;

    // The platform's key objects are not for several threads at once, and making one costs more than a check.
    private readonly ConcurrentBag<AsymmetricAlgorithm> _idle = [];

    private TokenKey(string? id, TokenAlgorithm[] algorithms, byte[] secret)
        : this(id, algorithms) => _secret = secret;

    private TokenKey(string? id, TokenAlgorithm[] algorithms, RSAParameters rsa)
        : this(id, algorithms) => _rsa = rsa;

    private TokenKey(string? id, TokenAlgorithm[] algorithms, ECParameters ec)
        : this(id, algorithms) => _ec = ec;

    private TokenKey(string? id, TokenAlgorithm[] algorithms)
    {
        if (id is { Length: 0 or > 256 } || (id is not null && PlainText.IsUnsafe(id)))
        {
            throw new ArgumentException("The key's id must be 1 to 256 characters without control characters, or missing.", nameof(id));
        }

        Id = id;
        Algorithms = algorithms;
    }

    /// <summary>What tokens name it by (<c>kid</c>); <c>null</c>: it has no name, and serves tokens that name none.</summary>
    public string? Id { get; }

    /// <summary>What it may be used for.</summary>
    public IReadOnlyList<TokenAlgorithm> Algorithms { get; }

    /// <summary>Makes a key of a shared secret. Whoever can check tokens with it can also make them: prefer the other kinds between parties.</summary>
    /// <param name="id">What tokens name it by.</param>
    /// <param name="secret">The secret, at least as long as the hash. It is copied.</param>
    /// <param name="algorithm">The one algorithm that it is for.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentException">The algorithm is none of HMAC, or the secret is too short.</exception>
    public static TokenKey FromSecret(string? id, ReadOnlySpan<byte> secret, TokenAlgorithm algorithm)
    {
        if (!TokenAlgorithms.IsHmac(algorithm))
        {
            throw new ArgumentException($"A secret is for HS256, HS384 or HS512, not for {algorithm}.", nameof(algorithm));
        }

        int min = TokenAlgorithms.HashBytes(algorithm);
        if (secret.Length < min || secret.Length > 1024)
        {
            throw new ArgumentException($"The secret has {secret.Length} bytes; {algorithm} needs {min} to 1024 (RFC 7518, section 3.2). `openssl rand {min}` makes one.", nameof(secret));
        }

        return new TokenKey(id, [algorithm], secret.ToArray());
    }

    /// <summary>Makes a key of an RSA public key.</summary>
    /// <param name="id">What tokens name it by.</param>
    /// <param name="key">The key. Its public part is copied.</param>
    /// <param name="algorithms">What it may be used for; empty: RS256 and PS256.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentException">The key is too small or too large, or an algorithm is none of RSA.</exception>
    public static TokenKey FromRsa(string? id, RSA key, params ReadOnlySpan<TokenAlgorithm> algorithms)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.KeySize is < MinRsaBits or > MaxRsaBits)
        {
            throw new ArgumentException($"The RSA key has {key.KeySize} bits; it must have {MinRsaBits} to {MaxRsaBits} (RFC 7518, section 3.3).", nameof(key));
        }

        TokenAlgorithm[] list = algorithms.IsEmpty ? [TokenAlgorithm.RS256, TokenAlgorithm.PS256] : algorithms.ToArray();
        if (!Array.TrueForAll(list, TokenAlgorithms.IsRsa))
        {
            throw new ArgumentException($"An RSA key is for RS and PS algorithms, not for {string.Join(", ", list)}.", nameof(algorithms));
        }

        return new TokenKey(id, list, key.ExportParameters(includePrivateParameters: false));
    }

    /// <summary>Makes a key of a public key on an elliptic curve. The curve says what it is for: P-256 for ES256, P-384 for ES384, P-521 for ES512.</summary>
    /// <param name="id">What tokens name it by.</param>
    /// <param name="key">The key. Its public part is copied.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentException">The curve is another one.</exception>
    public static TokenKey FromEcdsa(string? id, ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        TokenAlgorithm algorithm = parameters.Curve.Oid.Value switch
        {
            TokenAlgorithms.P256Oid => TokenAlgorithm.ES256,
            TokenAlgorithms.P384Oid => TokenAlgorithm.ES384,
            TokenAlgorithms.P521Oid => TokenAlgorithm.ES512,
            _ => throw new ArgumentException($"The curve {parameters.Curve.Oid.FriendlyName} is not of tokens; use P-256, P-384 or P-521.", nameof(key)),
        };
        return new TokenKey(id, [algorithm], parameters);
    }

    /// <summary>Makes a key of PEM text: one public key (<c>PUBLIC KEY</c>, <c>RSA PUBLIC KEY</c>) or one certificate, of which nothing but its key is used.</summary>
    /// <param name="id">What tokens name it by.</param>
    /// <param name="pem">The text.</param>
    /// <param name="algorithms">What an RSA key may be used for; empty: RS256 and PS256. An elliptic curve says it itself.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentException">The text holds something else, such as a private key, which a server that checks tokens must not have.</exception>
    public static TokenKey FromPem(string? id, string pem, params ReadOnlySpan<TokenAlgorithm> algorithms)
    {
        ArgumentNullException.ThrowIfNull(pem);
        if (!PemEncoding.TryFind(pem, out PemFields fields))
        {
            throw new ArgumentException("There is no PEM in it; it begins with -----BEGIN PUBLIC KEY-----.", nameof(pem));
        }

        string label = pem[fields.Label];
        if (label.Contains("PRIVATE", StringComparison.Ordinal))
        {
            throw new ArgumentException("It holds a private key. Who checks tokens needs the public one alone: `openssl pkey -in FILE -pubout`.", nameof(pem));
        }

        if (pem.AsSpan(fields.Location.End.Value).Contains("-----BEGIN", StringComparison.Ordinal))
        {
            throw new ArgumentException("It holds more than one key; several keys stand in a JWK set.", nameof(pem));
        }

        try
        {
            if (label == "CERTIFICATE")
            {
                using X509Certificate2 certificate = X509Certificate2.CreateFromPem(pem);
                using RSA? rsaOfCertificate = certificate.GetRSAPublicKey();
                using ECDsa? ecOfCertificate = certificate.GetECDsaPublicKey();
                return rsaOfCertificate is not null ? FromRsa(id, rsaOfCertificate, algorithms)
                    : ecOfCertificate is not null ? FromEcdsa(id, ecOfCertificate)
                    : throw new ArgumentException("The certificate's key is neither RSA nor on an elliptic curve of tokens.", nameof(pem));
            }

            return FromPublicPem(id, pem, algorithms);
        }
        catch (CryptographicException exception)
        {
            throw new ArgumentException($"The key in it cannot be read: {exception.Message}", nameof(pem), exception);
        }
    }

    /// <summary>Its id and algorithms; nothing of the key.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Id ?? "(without id)"}: {string.Join(", ", Algorithms)}";

    /// <summary>Checks a signature. Whether the algorithm is allowed has been asked before.</summary>
    internal bool Verify(TokenAlgorithm algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        if (TokenAlgorithms.IsHmac(algorithm))
        {
            Span<byte> expected = stackalloc byte[64];
            expected = expected[..TokenAlgorithms.Hmac(algorithm, _secret, signed, expected)];
            return CryptographicOperations.FixedTimeEquals(expected, signature);
        }

        if (TokenAlgorithms.IsEcdsa(algorithm) && !TokenAlgorithms.IsInRange(algorithm, signature))
        {
            return false;
        }

        if (!_idle.TryTake(out AsymmetricAlgorithm? key))
        {
            key = TokenAlgorithms.IsRsa(algorithm) ? RSA.Create(_rsa) : ECDsa.Create(_ec);
        }

        bool isGood = key is RSA rsa
            ? rsa.VerifyData(signed, signature, TokenAlgorithms.HashOf(algorithm), TokenAlgorithms.PaddingOf(algorithm))
            : ((ECDsa)key).VerifyData(signed, signature, TokenAlgorithms.HashOf(algorithm), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        _idle.Add(key);
        return isGood;
    }

    private static TokenKey FromPublicPem(string? id, string pem, ReadOnlySpan<TokenAlgorithm> algorithms)
    {
        using var rsa = RSA.Create();
        bool isRsa = true;
        try
        {
            rsa.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            // The PEM says the kind of the key inside alone; what is no RSA key may be one on a curve.
            isRsa = false;
        }

        if (isRsa)
        {
            return FromRsa(id, rsa, algorithms);
        }

        using var ec = ECDsa.Create();
        ec.ImportFromPem(pem);
        return FromEcdsa(id, ec);
    }
}
