namespace Net;

/// <summary>The answer of a <see cref="PeerCertificatePolicy"/>.</summary>
public readonly record struct PeerCertificateVerdict
{
    private const int MaxDetailLength = 2048;

    private PeerCertificateVerdict(CertificateRefusal refusal, string? detail)
    {
        Refusal = refusal;
        Detail = detail;
    }

    /// <summary>The certificate is accepted.</summary>
    public static PeerCertificateVerdict Accepted => default;

    /// <summary>Whether the certificate is accepted.</summary>
    public bool IsAccepted => Refusal == CertificateRefusal.None;

    /// <summary>Why it is refused.</summary>
    public CertificateRefusal Refusal { get; }

    /// <summary>What exactly was wrong, for logs and exceptions on this side; never sent to the peer.</summary>
    public string? Detail { get; }

    /// <summary>The TLS alert that tells the peer (RFC 8446, section 6.2); 0 when accepted.</summary>
    public byte Alert => Refusal switch
    {
        CertificateRefusal.None => 0,
        CertificateRefusal.Missing => 116,
        CertificateRefusal.UnknownAuthority => 48,
        CertificateRefusal.Expired or CertificateRefusal.NotYetValid => 45,
        CertificateRefusal.WrongUsage => 43,
        CertificateRefusal.Revoked => 44,
        CertificateRefusal.NotAllowed => 49,
        CertificateRefusal.RevocationUnknown => 46,
        _ => 42,
    };

    /// <summary>Refuses a certificate.</summary>
    /// <param name="refusal">Why; not <see cref="CertificateRefusal.None"/>.</param>
    /// <param name="detail">What exactly was wrong, for this side's logs. Names in it may be the peer's: control characters are replaced (<see cref="PlainText"/>), and 2,048 characters are kept.</param>
    /// <returns>The verdict.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="refusal"/> is <see cref="CertificateRefusal.None"/>.</exception>
    public static PeerCertificateVerdict Refused(CertificateRefusal refusal, string detail)
    {
        ArgumentOutOfRangeException.ThrowIfEqual((int)refusal, (int)CertificateRefusal.None, nameof(refusal));
        return new PeerCertificateVerdict(refusal, PlainText.Clean(detail, MaxDetailLength));
    }
}
