namespace Net.Ngtcp2.Driver;

/// <summary>Names and meaning of TLS alerts (RFC 8446, section 6.2), which QUIC carries as transport error 0x100 plus the alert (RFC 9001, section 4.8).</summary>
internal static class TlsAlerts
{
    /// <summary>certificate_required.</summary>
    internal const byte CertificateRequired = 116;

    /// <summary>no_application_protocol.</summary>
    internal const byte NoApplicationProtocol = 120;

    /// <summary>The alert's name and number.</summary>
    internal static string Describe(byte alert) => alert switch
    {
        10 => "unexpected_message (10)",
        40 => "handshake_failure (40)",
        42 => "bad_certificate (42)",
        43 => "unsupported_certificate (43)",
        44 => "certificate_revoked (44)",
        45 => "certificate_expired (45)",
        46 => "certificate_unknown (46)",
        47 => "illegal_parameter (47)",
        48 => "unknown_ca (48)",
        49 => "access_denied (49)",
        50 => "decode_error (50)",
        51 => "decrypt_error (51)",
        70 => "protocol_version (70)",
        80 => "internal_error (80)",
        109 => "missing_extension (109)",
        112 => "unrecognized_name (112)",
        113 => "bad_certificate_status_response (113)",
        115 => "unknown_psk_identity (115)",
        CertificateRequired => "certificate_required (116)",
        NoApplicationProtocol => "no_application_protocol (120)",
        _ => $"TLS alert {alert}",
    };

    /// <summary>What the alert means to the caller: all that speak of a certificate are a rejected certificate.</summary>
    internal static TransportError ToError(byte alert) => alert switch
    {
        42 or 43 or 44 or 45 or 46 or 48 or 49 or 113 or CertificateRequired => TransportError.CertificateRejected,
        _ => TransportError.ConnectFailed,
    };
}
