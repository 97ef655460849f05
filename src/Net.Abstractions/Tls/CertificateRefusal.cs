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

    /// <summary>It is not known whether it is revoked: the list of its issuer is missing or out of date, and the trust demands one: alert certificate_unknown (46).</summary>
    RevocationUnknown,
}
