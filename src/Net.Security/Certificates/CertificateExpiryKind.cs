namespace Net.Security;

/// <summary>Why something of a source must be renewed.</summary>
public enum CertificateExpiryKind
{
    /// <summary>A certificate of this side ends within <see cref="CertificateSourceOptions.ExpiryWarning"/>.</summary>
    ExpiresSoon,

    /// <summary>A certificate of this side has ended; peers refuse it.</summary>
    Expired,

    /// <summary>A revocation list should have been replaced.</summary>
    ListIsOverdue,
}
