namespace Net;

/// <summary>Why a peer's certificate was refused. Each has its TLS alert (RFC 8446, section 6.2).</summary>
public enum CertificateRefusal
{
    /// <summary>Not refused.</summary>
    None = 0,

    /// <summary>A certificate was required and none came: alert certificate_required (116).</summary>
    Missing,

    /// <summary>The chain does not lead to a trusted root: alert unknown_ca (48).</summary>
    UnknownAuthority,

    /// <summary>Past its time: alert certificate_expired (45).</summary>
    Expired,

    /// <summary>Before its time: alert certificate_expired (45).</summary>
    NotYetValid,

    /// <summary>The subject alternative names do not hold the server's name: alert bad_certificate (42).</summary>
    NameMismatch,

    /// <summary>The key usage or extended key usage does not allow this role: alert unsupported_certificate (43).</summary>
    WrongUsage,

    /// <summary>Revoked: alert certificate_revoked (44).</summary>
    Revoked,

    /// <summary>It cannot be parsed or its signatures do not hold: alert bad_certificate (42).</summary>
    Malformed,

    /// <summary>A rule of the application says no: alert access_denied (49).</summary>
    NotAllowed,
}

/// <summary>The answer of a <see cref="PeerCertificatePolicy"/>.</summary>
public readonly record struct PeerCertificateVerdict
{
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
        _ => 42,
    };

    /// <summary>Refuses a certificate.</summary>
    /// <param name="refusal">Why; not <see cref="CertificateRefusal.None"/>.</param>
    /// <param name="detail">What exactly was wrong, for this side's logs.</param>
    /// <returns>The verdict.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="refusal"/> is <see cref="CertificateRefusal.None"/>.</exception>
    public static PeerCertificateVerdict Refused(CertificateRefusal refusal, string detail)
    {
        ArgumentOutOfRangeException.ThrowIfEqual((int)refusal, (int)CertificateRefusal.None, nameof(refusal));
        return new PeerCertificateVerdict(refusal, detail);
    }
}
