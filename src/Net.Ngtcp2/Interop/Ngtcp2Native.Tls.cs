using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

// What a connection shares with its TLS session, resumption and errors.
internal static unsafe partial class Ngtcp2Native
{
    /// <summary>Tells the connection its TLS session. The connection does not own it.</summary>
    // void ngtcp2_conn_set_tls_native_handle(ngtcp2_conn *conn, void *tls_native_handle);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_conn_set_tls_native_handle(ngtcp2_conn* conn, void* tls_native_handle);

    /// <summary>The TLS session set before.</summary>
    // void *ngtcp2_conn_get_tls_native_handle(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial void* ngtcp2_conn_get_tls_native_handle(ngtcp2_conn* conn);

    /// <summary>Keeps the error code with which TLS failed.</summary>
    // void ngtcp2_conn_set_tls_error(ngtcp2_conn *conn, int liberr);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_conn_set_tls_error(ngtcp2_conn* conn, int liberr);

    /// <summary>The error code with which TLS failed, or 0.</summary>
    // int ngtcp2_conn_get_tls_error(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_conn_get_tls_error(ngtcp2_conn* conn);

    /// <summary>Sets the alert that NGTCP2_ERR_CRYPTO is reported with.</summary>
    // void ngtcp2_conn_set_tls_alert(ngtcp2_conn *conn, uint8_t alert);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_conn_set_tls_alert(ngtcp2_conn* conn, byte alert);

    /// <summary>The alert with which TLS failed, or 0.</summary>
    // uint8_t ngtcp2_conn_get_tls_alert(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial byte ngtcp2_conn_get_tls_alert(ngtcp2_conn* conn);

    /// <summary>Tells the connection that TLS is complete; the crypto library does it by itself.</summary>
    // void ngtcp2_conn_tls_handshake_completed(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_conn_tls_handshake_completed(ngtcp2_conn* conn);

    /// <summary>Starts a key update (RFC 9001 section 6). NGTCP2_ERR_INVALID_STATE while the last one is not finished.</summary>
    // int ngtcp2_conn_initiate_key_update(ngtcp2_conn *conn, ngtcp2_tstamp ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_initiate_key_update(ngtcp2_conn* conn, ulong ts);

    /// <summary>Writes what 0-RTT needs of the peer's transport parameters, to keep beside the session ticket. Returns the length.</summary>
    // ngtcp2_ssize ngtcp2_conn_encode_0rtt_transport_params(ngtcp2_conn *conn, uint8_t *dest, size_t destlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial nint ngtcp2_conn_encode_0rtt_transport_params(ngtcp2_conn* conn, byte* dest, nuint destlen);

    /// <summary>Client only: restores what the function above wrote, before the first packet.</summary>
    // int ngtcp2_conn_decode_and_set_0rtt_transport_params(ngtcp2_conn *conn, const uint8_t *data, size_t datalen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_decode_and_set_0rtt_transport_params(ngtcp2_conn* conn, byte* data, nuint datalen);

    /// <summary>Client only: drops all streams opened for 0-RTT. The crypto library calls it; the callback of the same name follows.</summary>
    // int ngtcp2_conn_tls_early_data_rejected(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_tls_early_data_rejected(ngtcp2_conn* conn);

    /// <summary>Not 0 when the server refused 0-RTT.</summary>
    // int ngtcp2_conn_get_tls_early_data_rejected(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_conn_get_tls_early_data_rejected(ngtcp2_conn* conn);

    /// <summary>Server only: replaces the parameters before they are sent.</summary>
    internal static int ngtcp2_conn_set_local_transport_params(ngtcp2_conn* conn, ngtcp2_transport_params* @params) =>
        ngtcp2_conn_set_local_transport_params_versioned(conn, NGTCP2_TRANSPORT_PARAMS_VERSION, @params);

    // int ngtcp2_conn_set_local_transport_params_versioned(ngtcp2_conn *conn, int transport_params_version, const ngtcp2_transport_params *params);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    private static partial int ngtcp2_conn_set_local_transport_params_versioned(
        ngtcp2_conn* conn, int transport_params_version, ngtcp2_transport_params* @params);

    /// <summary>Writes our parameters as the TLS extension carries them. Returns the length.</summary>
    // ngtcp2_ssize ngtcp2_conn_encode_local_transport_params(ngtcp2_conn *conn, uint8_t *dest, size_t destlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial nint ngtcp2_conn_encode_local_transport_params(ngtcp2_conn* conn, byte* dest, nuint destlen);

    /// <summary>Reads the peer's TLS extension; the crypto library does it by itself.</summary>
    // int ngtcp2_conn_decode_and_set_remote_transport_params(ngtcp2_conn *conn, const uint8_t *data, size_t datalen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_decode_and_set_remote_transport_params(ngtcp2_conn* conn, byte* data, nuint datalen);

    /// <summary>Writes parameters in the form of RFC 9000 section 18. A null <paramref name="dest"/> only counts.</summary>
    internal static nint ngtcp2_transport_params_encode(byte* dest, nuint destlen, ngtcp2_transport_params* @params) =>
        ngtcp2_transport_params_encode_versioned(dest, destlen, NGTCP2_TRANSPORT_PARAMS_VERSION, @params);

    // ngtcp2_ssize ngtcp2_transport_params_encode_versioned(uint8_t *dest, size_t destlen, int transport_params_version, const
    // ngtcp2_transport_params *params);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    private static partial nint ngtcp2_transport_params_encode_versioned(
        byte* dest, nuint destlen, int transport_params_version, ngtcp2_transport_params* @params);

    /// <summary>Reads parameters. Lists inside them point into <paramref name="data"/>.</summary>
    internal static int ngtcp2_transport_params_decode(ngtcp2_transport_params* @params, byte* data, nuint datalen) =>
        ngtcp2_transport_params_decode_versioned(NGTCP2_TRANSPORT_PARAMS_VERSION, @params, data, datalen);

    // int ngtcp2_transport_params_decode_versioned(int transport_params_version, ngtcp2_transport_params *params, const uint8_t *data, size_t
    // datalen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    private static partial int ngtcp2_transport_params_decode_versioned(
        int transport_params_version, ngtcp2_transport_params* @params, byte* data, nuint datalen);

    /// <summary>An empty error: transport, NO_ERROR, no reason.</summary>
    // void ngtcp2_ccerr_default(ngtcp2_ccerr *ccerr);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_ccerr_default(ngtcp2_ccerr* ccerr);

    /// <summary>A transport error. <paramref name="reason"/> is not copied and must stay until the close is written.</summary>
    // void ngtcp2_ccerr_set_transport_error(ngtcp2_ccerr *ccerr, uint64_t error_code, const uint8_t *reason, size_t reasonlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_ccerr_set_transport_error(ngtcp2_ccerr* ccerr, ulong error_code, byte* reason, nuint reasonlen);

    /// <summary>The close that belongs to an error of the library; the idle, drop, retry and version cases get their own type.</summary>
    // void ngtcp2_ccerr_set_liberr(ngtcp2_ccerr *ccerr, int liberr, const uint8_t *reason, size_t reasonlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_ccerr_set_liberr(ngtcp2_ccerr* ccerr, int liberr, byte* reason, nuint reasonlen);

    /// <summary>A CRYPTO_ERROR with a TLS alert (RFC 9001 section 4.8).</summary>
    // void ngtcp2_ccerr_set_tls_alert(ngtcp2_ccerr *ccerr, uint8_t tls_alert, const uint8_t *reason, size_t reasonlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_ccerr_set_tls_alert(ngtcp2_ccerr* ccerr, byte tls_alert, byte* reason, nuint reasonlen);

    /// <summary>A close with a code of the application protocol.</summary>
    // void ngtcp2_ccerr_set_application_error(ngtcp2_ccerr *ccerr, uint64_t error_code, const uint8_t *reason, size_t reasonlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_ccerr_set_application_error(ngtcp2_ccerr* ccerr, ulong error_code, byte* reason, nuint reasonlen);

    /// <summary>The name of an error code, without the NGTCP2_ prefix. Static.</summary>
    // const char *ngtcp2_strerror(int liberr);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial byte* ngtcp2_strerror(int liberr);

    /// <summary>Not 0 when the connection can only be deleted.</summary>
    // int ngtcp2_err_is_fatal(int liberr);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_err_is_fatal(int liberr);

    /// <summary>The transport error code that a close for this error carries.</summary>
    // uint64_t ngtcp2_err_infer_quic_transport_error_code(int liberr);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ulong ngtcp2_err_infer_quic_transport_error_code(int liberr);

    /// <summary>The version, or null when the library is older than <paramref name="least_version"/>. Static.</summary>
    // const ngtcp2_info *ngtcp2_version(int least_version);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial ngtcp2_info* ngtcp2_version(int least_version);

    /// <summary>The allocator the library uses by itself. Static.</summary>
    // const ngtcp2_mem *ngtcp2_mem_default(void);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ngtcp2_mem* ngtcp2_mem_default();
}
