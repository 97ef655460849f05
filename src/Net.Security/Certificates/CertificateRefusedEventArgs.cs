namespace Net.Security;

/// <summary>Says that new content was refused.</summary>
/// <param name="refusal">Why, and how to mend it.</param>
public sealed class CertificateRefusedEventArgs(CertificateSourceException refusal) : EventArgs
{
    /// <summary>Why, and how to mend it.</summary>
    public CertificateSourceException Refusal { get; } = refusal;
}
