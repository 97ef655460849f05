namespace Net.Security;

/// <summary>The result of <see cref="CertificateSource.ReloadAsync"/>.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="Snapshot">What is in use.</param>
/// <param name="Refusal">Why the content was refused; <c>null</c> when it was not.</param>
public sealed record CertificateReload(ReloadOutcome Outcome, TlsSnapshot Snapshot, CertificateSourceException? Refusal);
