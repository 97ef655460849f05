namespace Net.Security;

/// <summary>Why what a source read was refused.</summary>
public enum CertificateFault
{
    /// <summary>A file is missing, unreadable, too large or outside the directory that is allowed, or a callback failed.</summary>
    Unreadable = 0,

    /// <summary>It does not hold what it should, or is cut off.</summary>
    Malformed = 1,

    /// <summary>The key does not belong to the certificate.</summary>
    KeyMismatch = 2,

    /// <summary>The key is encrypted and the password is missing or wrong.</summary>
    Password = 3,

    /// <summary>The certificate is past its time.</summary>
    Expired = 4,

    /// <summary>The certificate, or a revocation list, is before its time.</summary>
    NotYetValid = 5,

    /// <summary>The certificates do not follow from each other, or do not lead to a root of <see cref="CertificateSourceOptions.IssuerFiles"/>.</summary>
    Chain = 6,

    /// <summary>The certificate does not allow its role, or its key is too weak.</summary>
    Usage = 7,

    /// <summary>A name of the certificate before is missing, or there is none that a client could connect to.</summary>
    Names = 8,

    /// <summary>The trust holds no root that is valid now.</summary>
    Trust = 9,

    /// <summary>A revocation list cannot be used: its signature, its issuer, its number or an extension is wrong.</summary>
    RevocationList = 10,
}
