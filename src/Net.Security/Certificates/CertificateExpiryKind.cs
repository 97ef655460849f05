namespace Net.Security;

/// <summary>Why something of a source must be renewed.</summary>
public enum CertificateExpiryKind
{
    /// <summary>A certificate of this side's chain, or an authority that peers' certificates come from, ends within <see cref="CertificateSourceOptions.ExpiryWarning"/>.</summary>
    ExpiresSoon,

    /// <summary>A certificate of this side's chain has ended, and peers refuse it; or an authority of peers has, and they are refused.</summary>
    Expired,

    /// <summary>A revocation list should have been replaced.</summary>
    ListIsOverdue,
}
