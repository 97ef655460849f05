using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

// libngtcp2_crypto_gnutls: TLS sessions, tokens and packets that are written before a connection exists.
internal static unsafe partial class Ngtcp2Native
{
    /// <summary>Hooks a GnuTLS client session to QUIC. 0, or -1 on failure. The session pointer must be an <see
    /// cref="ngtcp2_crypto_conn_ref"/>.</summary>
    // int ngtcp2_crypto_gnutls_configure_client_session(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.Ngtcp2Crypto)]
    internal static partial int ngtcp2_crypto_gnutls_configure_client_session(gnutls_session_int* session);

    /// <summary>Hooks a GnuTLS server session to QUIC. 0, or -1 on failure. The session pointer must be an <see
    /// cref="ngtcp2_crypto_conn_ref"/>.</summary>
    // int ngtcp2_crypto_gnutls_configure_server_session(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.Ngtcp2Crypto)]
    internal static partial int ngtcp2_crypto_gnutls_configure_server_session(gnutls_session_int* session);

    /// <summary>The callback for handshake data, for a callback of ours that does more than this one.</summary>
    // int ngtcp2_crypto_recv_crypto_data_cb(ngtcp2_conn *conn, ngtcp2_encryption_level encryption_level, uint64_t offset, const uint8_t *data,
    // size_t datalen, void *user_data);
    [LibraryImport(NativeLibraryNames.Ngtcp2Crypto)]
    internal static partial int ngtcp2_crypto_recv_crypto_data_cb(
        ngtcp2_conn* conn, ngtcp2_encryption_level encryption_level, ulong offset, byte* data, nuint datalen, void* user_data);

    /// <summary>Derives the 16-byte reset token of an id from a secret. 0, or -1 on failure.</summary>
    // int ngtcp2_crypto_generate_stateless_reset_token(uint8_t *token, const uint8_t *secret, size_t secretlen, const ngtcp2_cid *cid);
    [LibraryImport(NativeLibraryNames.Ngtcp2Crypto)]
    internal static partial int ngtcp2_crypto_generate_stateless_reset_token(byte* token, byte* secret, nuint secretlen, ngtcp2_cid* cid);

    /// <summary>Writes a Retry token of at most NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2 bytes. <paramref name="ts"/> is wall-clock time in nanoseconds.
    /// Returns the length, or -1.</summary>
    // ngtcp2_ssize ngtcp2_crypto_generate_retry_token2(uint8_t *token, const uint8_t *secret, size_t secretlen, uint32_t version, const
    // ngtcp2_sockaddr *remote_addr, ngtcp2_socklen remote_addrlen, const ngtcp2_cid *retry_scid, const ngtcp2_cid *odcid, ngtcp2_tstamp ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2Crypto)]
    internal static partial nint ngtcp2_crypto_generate_retry_token2(
        byte* token, byte* secret, nuint secretlen, uint version, void* remote_addr, uint remote_addrlen, ngtcp2_cid* retry_scid,
        ngtcp2_cid* odcid, ulong ts);

    /// <summary>Checks a Retry token. 0 and the original destination id, NGTCP2_CRYPTO_ERR_UNREADABLE_TOKEN (drop it) or another error (close with
    /// INVALID_TOKEN).</summary>
    // int ngtcp2_crypto_verify_retry_token2(ngtcp2_cid *odcid, const uint8_t *token, size_t tokenlen, const uint8_t *secret, size_t secretlen,
    // uint32_t version, const ngtcp2_sockaddr *remote_addr, ngtcp2_socklen remote_addrlen, const ngtcp2_cid *dcid, ngtcp2_duration timeout,
    // ngtcp2_tstamp ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2Crypto)]
    internal static partial int ngtcp2_crypto_verify_retry_token2(
        ngtcp2_cid* odcid, byte* token, nuint tokenlen, byte* secret, nuint secretlen, uint version, void* remote_addr, uint remote_addrlen,
        ngtcp2_cid* dcid, ulong timeout, ulong ts);

    /// <summary>Writes a token for NEW_TOKEN of at most NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN bytes. <paramref name="ts"/> is wall-clock time. Returns
    /// the length, or -1.</summary>
    // ngtcp2_ssize ngtcp2_crypto_generate_regular_token(uint8_t *token, const uint8_t *secret, size_t secretlen, const ngtcp2_sockaddr
    // *remote_addr, ngtcp2_socklen remote_addrlen, ngtcp2_tstamp ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2Crypto)]
    internal static partial nint ngtcp2_crypto_generate_regular_token(
        byte* token, byte* secret, nuint secretlen, void* remote_addr, uint remote_addrlen, ulong ts);

    /// <summary>Checks a token of NEW_TOKEN: 0 when it is ours, in time, and from this address (the port may differ).</summary>
    // int ngtcp2_crypto_verify_regular_token(const uint8_t *token, size_t tokenlen, const uint8_t *secret, size_t secretlen, const ngtcp2_sockaddr
    // *remote_addr, ngtcp2_socklen remote_addrlen, ngtcp2_duration timeout, ngtcp2_tstamp ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2Crypto)]
    internal static partial int ngtcp2_crypto_verify_regular_token(
        byte* token, nuint tokenlen, byte* secret, nuint secretlen, void* remote_addr, uint remote_addrlen, ulong timeout, ulong ts);

    /// <summary>Writes a Retry packet. Returns its length, or -1.</summary>
    // ngtcp2_ssize ngtcp2_crypto_write_retry(uint8_t *dest, size_t destlen, uint32_t version, const ngtcp2_cid *dcid, const ngtcp2_cid *scid, const
    // ngtcp2_cid *odcid, const uint8_t *token, size_t tokenlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2Crypto)]
    internal static partial nint ngtcp2_crypto_write_retry(
        byte* dest, nuint destlen, uint version, ngtcp2_cid* dcid, ngtcp2_cid* scid, ngtcp2_cid* odcid, byte* token, nuint tokenlen);

    /// <summary>Writes an Initial with CONNECTION_CLOSE for a peer without a connection. Returns its length, or -1.</summary>
    // ngtcp2_ssize ngtcp2_crypto_write_connection_close(uint8_t *dest, size_t destlen, uint32_t version, const ngtcp2_cid *dcid, const ngtcp2_cid
    // *scid, uint64_t error_code, const uint8_t *reason, size_t reasonlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2Crypto)]
    internal static partial nint ngtcp2_crypto_write_connection_close(
        byte* dest, nuint destlen, uint version, ngtcp2_cid* dcid, ngtcp2_cid* scid, ulong error_code, byte* reason, nuint reasonlen);

    // ngtcp2_encryption_level ngtcp2_crypto_gnutls_from_gnutls_record_encryption_level(gnutls_record_encryption_level_t gtls_level);
    [LibraryImport(NativeLibraryNames.Ngtcp2Crypto)]
    [SuppressGCTransition]
    internal static partial ngtcp2_encryption_level ngtcp2_crypto_gnutls_from_gnutls_record_encryption_level(
        gnutls_record_encryption_level_t gtls_level);

    // gnutls_record_encryption_level_t ngtcp2_crypto_gnutls_from_ngtcp2_encryption_level(ngtcp2_encryption_level encryption_level);
    [LibraryImport(NativeLibraryNames.Ngtcp2Crypto)]
    [SuppressGCTransition]
    internal static partial gnutls_record_encryption_level_t ngtcp2_crypto_gnutls_from_ngtcp2_encryption_level(
        ngtcp2_encryption_level encryption_level);
}
