namespace Net.Ngtcp2.Interop;

/// <summary>Flags of <see cref="GnuTlsNative.gnutls_init"/>.</summary>
// typedef enum gnutls_init_flags_t;
[Flags]
internal enum gnutls_init_flags_t
{
    GNUTLS_SERVER = 1,
    GNUTLS_CLIENT = 1 << 1,
    GNUTLS_DATAGRAM = 1 << 2,
    GNUTLS_NONBLOCK = 1 << 3,
    GNUTLS_NO_EXTENSIONS = 1 << 4,
    GNUTLS_NO_REPLAY_PROTECTION = 1 << 5,
    GNUTLS_NO_SIGNAL = 1 << 6,
    GNUTLS_ALLOW_ID_CHANGE = 1 << 7,
    GNUTLS_ENABLE_FALSE_START = 1 << 8,
    GNUTLS_FORCE_CLIENT_CERT = 1 << 9,
    GNUTLS_NO_TICKETS = 1 << 10,
    GNUTLS_KEY_SHARE_TOP = 1 << 11,
    GNUTLS_KEY_SHARE_TOP2 = 1 << 12,
    GNUTLS_KEY_SHARE_TOP3 = 1 << 13,
    GNUTLS_POST_HANDSHAKE_AUTH = 1 << 14,
    GNUTLS_NO_AUTO_REKEY = 1 << 15,
    GNUTLS_ENABLE_EARLY_START = 1 << 17,
    GNUTLS_ENABLE_RAWPK = 1 << 18,
    GNUTLS_AUTO_REAUTH = 1 << 19,
    GNUTLS_ENABLE_EARLY_DATA = 1 << 20,
    GNUTLS_NO_AUTO_SEND_TICKET = 1 << 21,
    GNUTLS_NO_END_OF_EARLY_DATA = 1 << 22,
    GNUTLS_NO_TICKETS_TLS12 = 1 << 23,
}

/// <summary>Kinds of credentials; QUIC here uses certificates only.</summary>
// typedef enum gnutls_credentials_type_t;
internal enum gnutls_credentials_type_t
{
    GNUTLS_CRD_CERTIFICATE = 1,
}

/// <summary>Whether a server asks a client for a certificate.</summary>
// typedef enum gnutls_certificate_request_t;
internal enum gnutls_certificate_request_t
{
    GNUTLS_CERT_IGNORE = 0,
    GNUTLS_CERT_REQUEST = 1,
    GNUTLS_CERT_REQUIRE = 2,
}

/// <summary>Flags of <see cref="GnuTlsNative.gnutls_certificate_set_flags"/>.</summary>
// typedef enum gnutls_certificate_flags;
[Flags]
internal enum gnutls_certificate_flags
{
    GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH = 1,
    GNUTLS_CERTIFICATE_API_V2 = 1 << 1,
    GNUTLS_CERTIFICATE_SKIP_OCSP_RESPONSE_CHECK = 1 << 2,
    GNUTLS_CERTIFICATE_VERIFY_CRLS = 1 << 3,
}

/// <summary>Kinds of certificates.</summary>
// typedef enum gnutls_certificate_type_t;
internal enum gnutls_certificate_type_t
{
    GNUTLS_CRT_UNKNOWN = 0,
    GNUTLS_CRT_X509 = 1,
    GNUTLS_CRT_RAWPK = 3,
}

/// <summary>Whose certificate type is asked for.</summary>
// typedef enum gnutls_ctype_target_t;
internal enum gnutls_ctype_target_t
{
    GNUTLS_CTYPE_CLIENT = 0,
    GNUTLS_CTYPE_SERVER = 1,
    GNUTLS_CTYPE_OURS = 2,
    GNUTLS_CTYPE_PEERS = 3,
}

/// <summary>Encodings of certificates and keys.</summary>
// typedef enum gnutls_x509_crt_fmt_t;
internal enum gnutls_x509_crt_fmt_t
{
    GNUTLS_X509_FMT_DER = 0,
    GNUTLS_X509_FMT_PEM = 1,
}

/// <summary>Kinds of server names (RFC 6066 section 3).</summary>
// typedef enum gnutls_server_name_type_t;
internal enum gnutls_server_name_type_t
{
    GNUTLS_NAME_DNS = 1,
}

/// <summary>Flags of <see cref="GnuTlsNative.gnutls_alpn_set_protocols"/>.</summary>
// typedef enum gnutls_alpn_flags_t;
[Flags]
internal enum gnutls_alpn_flags_t
{
    GNUTLS_ALPN_MANDATORY = 1,
    GNUTLS_ALPN_SERVER_PRECEDENCE = 1 << 1,
}

/// <summary>Results of <see cref="GnuTlsNative.gnutls_session_get_flags"/>.</summary>
// typedef enum gnutls_session_flags_t;
[Flags]
internal enum gnutls_session_flags_t
{
    GNUTLS_SFLAGS_SAFE_RENEGOTIATION = 1,
    GNUTLS_SFLAGS_EXT_MASTER_SECRET = 1 << 1,
    GNUTLS_SFLAGS_ETM = 1 << 2,
    GNUTLS_SFLAGS_HB_LOCAL_SEND = 1 << 3,
    GNUTLS_SFLAGS_HB_PEER_SEND = 1 << 4,
    GNUTLS_SFLAGS_FALSE_START = 1 << 5,
    GNUTLS_SFLAGS_RFC7919 = 1 << 6,
    GNUTLS_SFLAGS_SESSION_TICKET = 1 << 7,
    GNUTLS_SFLAGS_POST_HANDSHAKE_AUTH = 1 << 8,
    GNUTLS_SFLAGS_EARLY_START = 1 << 9,
    GNUTLS_SFLAGS_EARLY_DATA = 1 << 10,
    GNUTLS_SFLAGS_CLI_REQUESTED_OCSP = 1 << 11,
    GNUTLS_SFLAGS_SERV_REQUESTED_OCSP = 1 << 12,
}

/// <summary>Encryption levels as GnuTLS counts them: the order differs from <see cref="ngtcp2_encryption_level"/>.</summary>
// typedef enum gnutls_record_encryption_level_t;
internal enum gnutls_record_encryption_level_t
{
    GNUTLS_ENCRYPTION_LEVEL_INITIAL = 0,
    GNUTLS_ENCRYPTION_LEVEL_EARLY = 1,
    GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE = 2,
    GNUTLS_ENCRYPTION_LEVEL_APPLICATION = 3,
}

/// <summary>TLS handshake messages, for hooks.</summary>
// typedef enum gnutls_handshake_description_t;
internal enum gnutls_handshake_description_t
{
    GNUTLS_HANDSHAKE_HELLO_REQUEST = 0,
    GNUTLS_HANDSHAKE_CLIENT_HELLO = 1,
    GNUTLS_HANDSHAKE_SERVER_HELLO = 2,
    GNUTLS_HANDSHAKE_HELLO_VERIFY_REQUEST = 3,
    GNUTLS_HANDSHAKE_NEW_SESSION_TICKET = 4,
    GNUTLS_HANDSHAKE_END_OF_EARLY_DATA = 5,
    GNUTLS_HANDSHAKE_ENCRYPTED_EXTENSIONS = 8,
    GNUTLS_HANDSHAKE_CERTIFICATE_PKT = 11,
    GNUTLS_HANDSHAKE_SERVER_KEY_EXCHANGE = 12,
    GNUTLS_HANDSHAKE_CERTIFICATE_REQUEST = 13,
    GNUTLS_HANDSHAKE_SERVER_HELLO_DONE = 14,
    GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY = 15,
    GNUTLS_HANDSHAKE_CLIENT_KEY_EXCHANGE = 16,
    GNUTLS_HANDSHAKE_FINISHED = 20,
    GNUTLS_HANDSHAKE_CERTIFICATE_STATUS = 22,
    GNUTLS_HANDSHAKE_SUPPLEMENTAL = 23,
    GNUTLS_HANDSHAKE_KEY_UPDATE = 24,
    GNUTLS_HANDSHAKE_COMPRESSED_CERTIFICATE_PKT = 25,
    GNUTLS_HANDSHAKE_CHANGE_CIPHER_SPEC = 254,
    GNUTLS_HANDSHAKE_CLIENT_HELLO_V2 = 1024,
    GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST = 1025,
}

/// <summary>Levels of an alert.</summary>
// typedef enum gnutls_alert_level_t;
internal enum gnutls_alert_level_t
{
    GNUTLS_AL_WARNING = 1,
    GNUTLS_AL_FATAL = 2,
}

/// <summary>TLS alerts; QUIC carries them as 0x100 + alert (RFC 9001 section 4.8).</summary>
// typedef enum gnutls_alert_description_t;
internal enum gnutls_alert_description_t
{
    GNUTLS_A_CLOSE_NOTIFY = 0,
    GNUTLS_A_UNEXPECTED_MESSAGE = 10,
    GNUTLS_A_BAD_RECORD_MAC = 20,
    GNUTLS_A_DECRYPTION_FAILED = 21,
    GNUTLS_A_RECORD_OVERFLOW = 22,
    GNUTLS_A_DECOMPRESSION_FAILURE = 30,
    GNUTLS_A_HANDSHAKE_FAILURE = 40,
    GNUTLS_A_SSL3_NO_CERTIFICATE = 41,
    GNUTLS_A_BAD_CERTIFICATE = 42,
    GNUTLS_A_UNSUPPORTED_CERTIFICATE = 43,
    GNUTLS_A_CERTIFICATE_REVOKED = 44,
    GNUTLS_A_CERTIFICATE_EXPIRED = 45,
    GNUTLS_A_CERTIFICATE_UNKNOWN = 46,
    GNUTLS_A_ILLEGAL_PARAMETER = 47,
    GNUTLS_A_UNKNOWN_CA = 48,
    GNUTLS_A_ACCESS_DENIED = 49,
    GNUTLS_A_DECODE_ERROR = 50,
    GNUTLS_A_DECRYPT_ERROR = 51,
    GNUTLS_A_EXPORT_RESTRICTION = 60,
    GNUTLS_A_PROTOCOL_VERSION = 70,
    GNUTLS_A_INSUFFICIENT_SECURITY = 71,
    GNUTLS_A_INTERNAL_ERROR = 80,
    GNUTLS_A_INAPPROPRIATE_FALLBACK = 86,
    GNUTLS_A_USER_CANCELED = 90,
    GNUTLS_A_NO_RENEGOTIATION = 100,
    GNUTLS_A_MISSING_EXTENSION = 109,
    GNUTLS_A_UNSUPPORTED_EXTENSION = 110,
    GNUTLS_A_CERTIFICATE_UNOBTAINABLE = 111,
    GNUTLS_A_UNRECOGNIZED_NAME = 112,
    GNUTLS_A_UNKNOWN_PSK_IDENTITY = 115,
    GNUTLS_A_CERTIFICATE_REQUIRED = 116,
    GNUTLS_A_NO_APPLICATION_PROTOCOL = 120,
}

/// <summary>Quality of random bytes.</summary>
// typedef enum gnutls_rnd_level_t;
internal enum gnutls_rnd_level_t
{
    GNUTLS_RND_NONCE = 0,
    GNUTLS_RND_RANDOM = 1,
    GNUTLS_RND_KEY = 2,
}
