namespace Net.Security;

/// <summary>Something of a source that must be renewed: one of its certificates, or a revocation list.</summary>
/// <param name="Kind">What is the matter.</param>
/// <param name="Name">The certificate's subject, or the issuer of the list. Cleaned of control characters.</param>
/// <param name="SerialNumber">The certificate's serial number, hexadecimal; <c>null</c> for a list.</param>
/// <param name="At">When it ends or ended; for a list when the next was due.</param>
public sealed record CertificateExpiry(CertificateExpiryKind Kind, string Name, string? SerialNumber, DateTimeOffset At);
