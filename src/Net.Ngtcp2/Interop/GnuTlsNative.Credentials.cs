using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

// Certificates: ours, whom we trust, and what the peer sent.
internal static unsafe partial class GnuTlsNative
{
    /// <summary>Makes an empty set of certificates and trust. Free it with <see cref="gnutls_certificate_free_credentials"/>.</summary>
    // int gnutls_certificate_allocate_credentials(gnutls_certificate_credentials_t *res);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_certificate_allocate_credentials(gnutls_certificate_credentials_st** res);

    /// <summary>Frees a set. No session may use it any more.</summary>
    // void gnutls_certificate_free_credentials(gnutls_certificate_credentials_t sc);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_certificate_free_credentials(gnutls_certificate_credentials_st* sc);

    /// <summary>Adds a chain and its private key. Returns the index of the pair (0 without GNUTLS_CERTIFICATE_API_V2) or an error. The data is
    /// copied.</summary>
    // int gnutls_certificate_set_x509_key_mem2(gnutls_certificate_credentials_t res, const gnutls_datum_t *cert, const gnutls_datum_t *key,
    // gnutls_x509_crt_fmt_t type, const char *pass, unsigned int flags);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_certificate_set_x509_key_mem2(
        gnutls_certificate_credentials_st* res, gnutls_datum_t* cert, gnutls_datum_t* key, gnutls_x509_crt_fmt_t type, byte* pass,
        uint flags);

    /// <summary>Adds trusted authorities. Returns how many, or an error.</summary>
    // int gnutls_certificate_set_x509_trust_mem(gnutls_certificate_credentials_t res, const gnutls_datum_t *ca, gnutls_x509_crt_fmt_t type);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_certificate_set_x509_trust_mem(
        gnutls_certificate_credentials_st* res, gnutls_datum_t* ca, gnutls_x509_crt_fmt_t type);

    /// <summary>Flags are of <see cref="gnutls_certificate_flags"/>.</summary>
    // void gnutls_certificate_set_flags(gnutls_certificate_credentials_t, unsigned flags);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_certificate_set_flags(gnutls_certificate_credentials_st* cred, uint flags);

    /// <summary>Gives a session its credentials. Only the pointer is kept: the set must outlive the session.</summary>
    // int gnutls_credentials_set(gnutls_session_t session, gnutls_credentials_type_t type, void *cred);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_credentials_set(gnutls_session_int* session, gnutls_credentials_type_t type, void* cred);

    /// <summary>Server: whether to ask the client for a certificate.</summary>
    // void gnutls_certificate_server_set_request(gnutls_session_t session, gnutls_certificate_request_t req);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_certificate_server_set_request(gnutls_session_int* session, gnutls_certificate_request_t req);

    /// <summary>Client: not 0 when the server asked for a certificate.</summary>
    // unsigned gnutls_certificate_client_get_request_status(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    [SuppressGCTransition]
    internal static partial uint gnutls_certificate_client_get_request_status(gnutls_session_int* session);

    /// <summary>Server: status 1 hides the names of the trusted authorities from the client.</summary>
    // void gnutls_certificate_send_x509_rdn_sequence(gnutls_session_t session, int status);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_certificate_send_x509_rdn_sequence(gnutls_session_int* session, int status);

    /// <summary>Called when the peer's chain has arrived: 0 accepts it. Not called on resumption.</summary>
    // void gnutls_session_set_verify_function(gnutls_session_t session, gnutls_certificate_verify_function *func);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_session_set_verify_function(
        gnutls_session_int* session, delegate* unmanaged[Cdecl]<gnutls_session_int*, int> func);

    /// <summary>The peer's chain in DER, leaf first, or null. It points into the session.</summary>
    // const gnutls_datum_t *gnutls_certificate_get_peers(gnutls_session_t session, unsigned int *list_size);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial gnutls_datum_t* gnutls_certificate_get_peers(gnutls_session_int* session, uint* list_size);

    /// <summary>The leaf certificate we sent, or null. It points into the session.</summary>
    // const gnutls_datum_t *gnutls_certificate_get_ours(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial gnutls_datum_t* gnutls_certificate_get_ours(gnutls_session_int* session);

    // gnutls_certificate_type_t gnutls_certificate_type_get2(gnutls_session_t session, gnutls_ctype_target_t target);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    [SuppressGCTransition]
    internal static partial gnutls_certificate_type_t gnutls_certificate_type_get2(gnutls_session_int* session, gnutls_ctype_target_t target);
}
