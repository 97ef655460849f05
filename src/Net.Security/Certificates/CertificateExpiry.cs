namespace Net.Security;

/// <summary>Something of a source that must be renewed: one of its certificates, an authority that its peers' come from or know it by, or a revocation list.</summary>
/// <param name="Kind">What is the matter.</param>
/// <param name="Name">The certificate's subject, or the issuer of the list. Cleaned of control characters.</param>
/// <param name="SerialNumber">The certificate's serial number, hexadecimal; <c>null</c> for a list.</param>
/// <param name="At">When it ends or ended; for a list when the next was due.</param>
public sealed record CertificateExpiry(CertificateExpiryKind Kind, string Name, string? SerialNumber, DateTimeOffset At)
{
    /// <summary>Where the certificate stands in its chain; <c>null</c> for a list.</summary>
    public ChainPosition? Position { get; init; }

    /// <summary>Whether it is an authority of <see cref="CertificateSourceOptions.TrustFiles"/>, which peers' certificates come from; otherwise it is of this side's own chain, or <see cref="IsIssuer"/>.</summary>
    public bool IsPeerAuthority { get; init; }

    /// <summary>Whether it is an authority of <see cref="CertificateSourceOptions.IssuerFiles"/>: peers know this side's certificate by it.</summary>
    public bool IsIssuer { get; init; }

    /// <summary>
    /// The mark that was passed last: <see cref="CertificateSourceOptions.ExpiryWarning"/>, 7 days or 1 day before the end, as far as they are within that; zero once it is over, and for a list.
    /// Who tells each certificate once for each mark tells enough.
    /// </summary>
    public TimeSpan Threshold { get; init; }
}
