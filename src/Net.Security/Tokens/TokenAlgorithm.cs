namespace Net.Security;

/// <summary>A signature algorithm of tokens (RFC 7518, section 3.1). There is no "none".</summary>
public enum TokenAlgorithm
{
    /// <summary>HMAC with SHA-256; a secret of at least 32 bytes.</summary>
    HS256 = 0,

    /// <summary>HMAC with SHA-384; a secret of at least 48 bytes.</summary>
    HS384 = 1,

    /// <summary>HMAC with SHA-512; a secret of at least 64 bytes.</summary>
    HS512 = 2,

    /// <summary>RSA PKCS #1 v1.5 with SHA-256.</summary>
    RS256 = 3,

    /// <summary>RSA PKCS #1 v1.5 with SHA-384.</summary>
    RS384 = 4,

    /// <summary>RSA PKCS #1 v1.5 with SHA-512.</summary>
    RS512 = 5,

    /// <summary>RSA PSS with SHA-256.</summary>
    PS256 = 6,

    /// <summary>RSA PSS with SHA-384.</summary>
    PS384 = 7,

    /// <summary>RSA PSS with SHA-512.</summary>
    PS512 = 8,

    /// <summary>ECDSA on P-256 with SHA-256.</summary>
    ES256 = 9,

    /// <summary>ECDSA on P-384 with SHA-384.</summary>
    ES384 = 10,

    /// <summary>ECDSA on P-521 with SHA-512.</summary>
    ES512 = 11,
}
