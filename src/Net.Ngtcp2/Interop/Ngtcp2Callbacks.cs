using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

/// <summary>The functions a connection calls: 40 pointers, whose order is the ABI.</summary>
/// <remarks>Those that return a number return 0 or NGTCP2_ERR_CALLBACK_FAILURE. None may let an exception out, nor read, write or delete.</remarks>
// typedef struct ngtcp2_callbacks;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_callbacks
{
    /// <summary>Client, mandatory: taken from the crypto library.</summary>
    // int (*ngtcp2_client_initial)(ngtcp2_conn *conn, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, void*, int> client_initial;

    /// <summary>Server, mandatory: taken from the crypto library.</summary>
    // int (*ngtcp2_recv_client_initial)(ngtcp2_conn *conn, const ngtcp2_cid *dcid, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_cid*, void*, int> recv_client_initial;

    /// <summary>Mandatory: taken from the crypto library.</summary>
    // int (*ngtcp2_recv_crypto_data)(ngtcp2_conn *conn, ngtcp2_encryption_level encryption_level, uint64_t offset, const uint8_t *data, size_t
    // datalen, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_encryption_level, ulong, byte*, nuint, void*, int> recv_crypto_data;

    // int (*ngtcp2_handshake_completed)(ngtcp2_conn *conn, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, void*, int> handshake_completed;

    // int (*ngtcp2_recv_version_negotiation)(ngtcp2_conn *conn, const ngtcp2_pkt_hd *hd, const uint32_t *sv, size_t nsv, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_pkt_hd*, uint*, nuint, void*, int> recv_version_negotiation;

    /// <summary>Mandatory: taken from the crypto library.</summary>
    // int (*ngtcp2_encrypt)(uint8_t *dest, const ngtcp2_crypto_aead *aead, const ngtcp2_crypto_aead_ctx *aead_ctx, const uint8_t *plaintext, size_t
    // plaintextlen, const uint8_t *nonce, size_t noncelen, const uint8_t *aad, size_t aadlen);
    public delegate* unmanaged[Cdecl]<byte*, ngtcp2_crypto_aead*, ngtcp2_crypto_aead_ctx*, byte*, nuint, byte*, nuint, byte*, nuint, int> encrypt;

    /// <summary>Mandatory: taken from the crypto library.</summary>
    // int (*ngtcp2_decrypt)(uint8_t *dest, const ngtcp2_crypto_aead *aead, const ngtcp2_crypto_aead_ctx *aead_ctx, const uint8_t *ciphertext,
    // size_t ciphertextlen, const uint8_t *nonce, size_t noncelen, const uint8_t *aad, size_t aadlen);
    public delegate* unmanaged[Cdecl]<byte*, ngtcp2_crypto_aead*, ngtcp2_crypto_aead_ctx*, byte*, nuint, byte*, nuint, byte*, nuint, int> decrypt;

    /// <summary>Mandatory: taken from the crypto library.</summary>
    // int (*ngtcp2_hp_mask)(uint8_t *dest, const ngtcp2_crypto_cipher *hp, const ngtcp2_crypto_cipher_ctx *hp_ctx, const uint8_t *sample);
    public delegate* unmanaged[Cdecl]<byte*, ngtcp2_crypto_cipher*, ngtcp2_crypto_cipher_ctx*, byte*, int> hp_mask;

    /// <summary>Data in order, without gaps. It must be copied before the callback returns.</summary>
    // int (*ngtcp2_recv_stream_data)(ngtcp2_conn *conn, uint32_t flags, int64_t stream_id, uint64_t offset, const uint8_t *data, size_t datalen,
    // void *user_data, void *stream_user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, uint, long, ulong, byte*, nuint, void*, void*, int> recv_stream_data;

    /// <summary>The bytes up to offset + datalen are acknowledged and may be freed. Not called for data of a stream that was reset.</summary>
    // int (*ngtcp2_acked_stream_data_offset)(ngtcp2_conn *conn, int64_t stream_id, uint64_t offset, uint64_t datalen, void *user_data, void
    // *stream_user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, long, ulong, ulong, void*, void*, int> acked_stream_data_offset;

    // int (*ngtcp2_stream_open)(ngtcp2_conn *conn, int64_t stream_id, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, long, void*, int> stream_open;

    /// <summary>The stream is gone. Without NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET the code means nothing.</summary>
    // int (*ngtcp2_stream_close)(ngtcp2_conn *conn, uint32_t flags, int64_t stream_id, uint64_t app_error_code, void *user_data, void
    // *stream_user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, uint, long, ulong, void*, void*, int> stream_close;

    /// <summary>The peer has lost the connection; the read returns NGTCP2_ERR_DRAINING.</summary>
    // int (*ngtcp2_recv_stateless_reset)(ngtcp2_conn *conn, const ngtcp2_pkt_stateless_reset *sr, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_pkt_stateless_reset*, void*, int> recv_stateless_reset;

    /// <summary>Client, mandatory: taken from the crypto library.</summary>
    // int (*ngtcp2_recv_retry)(ngtcp2_conn *conn, const ngtcp2_pkt_hd *hd, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_pkt_hd*, void*, int> recv_retry;

    // int (*ngtcp2_extend_max_streams)(ngtcp2_conn *conn, uint64_t max_streams, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ulong, void*, int> extend_max_local_streams_bidi;

    // int (*ngtcp2_extend_max_streams)(ngtcp2_conn *conn, uint64_t max_streams, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ulong, void*, int> extend_max_local_streams_uni;

    /// <summary>Mandatory. The bytes serve no cryptographic end (greasing, spin bits).</summary>
    // void (*ngtcp2_rand)(uint8_t *dest, size_t destlen, const ngtcp2_rand_ctx *rand_ctx);
    public delegate* unmanaged[Cdecl]<byte*, nuint, ngtcp2_rand_ctx*, void> rand;

    /// <summary>Mandatory. Fills an id of exactly cidlen bytes and its reset token, and registers the id.</summary>
    // int (*ngtcp2_get_new_connection_id)(ngtcp2_conn *conn, ngtcp2_cid *cid, uint8_t *token, size_t cidlen, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_cid*, byte*, nuint, void*, int> get_new_connection_id;

    /// <summary>An id of ours is no longer valid.</summary>
    // int (*ngtcp2_remove_connection_id)(ngtcp2_conn *conn, const ngtcp2_cid *cid, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_cid*, void*, int> remove_connection_id;

    /// <summary>Mandatory: taken from the crypto library.</summary>
    // int (*ngtcp2_update_key)(ngtcp2_conn *conn, uint8_t *rx_secret, uint8_t *tx_secret, ngtcp2_crypto_aead_ctx *rx_aead_ctx, uint8_t *rx_iv,
    // ngtcp2_crypto_aead_ctx *tx_aead_ctx, uint8_t *tx_iv, const uint8_t *current_rx_secret, const uint8_t *current_tx_secret, size_t secretlen,
    // void *user_data);
    public delegate* unmanaged[Cdecl]<
        ngtcp2_conn*, byte*, byte*, ngtcp2_crypto_aead_ctx*, byte*, ngtcp2_crypto_aead_ctx*, byte*, byte*, byte*, nuint, void*, int> update_key;

    // int (*ngtcp2_path_validation)(ngtcp2_conn *conn, uint32_t flags, const ngtcp2_path *path, const ngtcp2_path *old_path,
    // ngtcp2_path_validation_result res, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, uint, ngtcp2_path*, ngtcp2_path*, ngtcp2_path_validation_result, void*, int> path_validation;

    /// <summary>Client: fill dest to move to the server's preferred address, or leave it.</summary>
    // int (*ngtcp2_select_preferred_addr)(ngtcp2_conn *conn, ngtcp2_path *dest, const ngtcp2_preferred_addr *paddr, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_path*, ngtcp2_preferred_addr*, void*, int> select_preferred_addr;

    // int (*ngtcp2_stream_reset)(ngtcp2_conn *conn, int64_t stream_id, uint64_t final_size, uint64_t app_error_code, void *user_data, void
    // *stream_user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, long, ulong, ulong, void*, void*, int> stream_reset;

    // int (*ngtcp2_extend_max_streams)(ngtcp2_conn *conn, uint64_t max_streams, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ulong, void*, int> extend_max_remote_streams_bidi;

    // int (*ngtcp2_extend_max_streams)(ngtcp2_conn *conn, uint64_t max_streams, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ulong, void*, int> extend_max_remote_streams_uni;

    // int (*ngtcp2_extend_max_stream_data)(ngtcp2_conn *conn, int64_t stream_id, uint64_t max_data, void *user_data, void *stream_user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, long, ulong, void*, void*, int> extend_max_stream_data;

    /// <summary>An id of the peer came into use or left it; the token is that of its stateless reset and may be null.</summary>
    // int (*ngtcp2_connection_id_status)(ngtcp2_conn *conn, ngtcp2_connection_id_status_type type, uint64_t seq, const ngtcp2_cid *cid, const
    // uint8_t *token, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_connection_id_status_type, ulong, ngtcp2_cid*, byte*, void*, int> dcid_status;

    /// <summary>Client only: now the server has accepted our certificate. A server learns the same from handshake_completed.</summary>
    // int (*ngtcp2_handshake_confirmed)(ngtcp2_conn *conn, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, void*, int> handshake_confirmed;

    // int (*ngtcp2_recv_new_token)(ngtcp2_conn *conn, const uint8_t *token, size_t tokenlen, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, byte*, nuint, void*, int> recv_new_token;

    /// <summary>Mandatory: taken from the crypto library.</summary>
    // void (*ngtcp2_delete_crypto_aead_ctx)(ngtcp2_conn *conn, ngtcp2_crypto_aead_ctx *aead_ctx, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_crypto_aead_ctx*, void*, void> delete_crypto_aead_ctx;

    /// <summary>Mandatory: taken from the crypto library.</summary>
    // void (*ngtcp2_delete_crypto_cipher_ctx)(ngtcp2_conn *conn, ngtcp2_crypto_cipher_ctx *cipher_ctx, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_crypto_cipher_ctx*, void*, void> delete_crypto_cipher_ctx;

    // int (*ngtcp2_recv_datagram)(ngtcp2_conn *conn, uint32_t flags, const uint8_t *data, size_t datalen, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, uint, byte*, nuint, void*, int> recv_datagram;

    // int (*ngtcp2_ack_datagram)(ngtcp2_conn *conn, uint64_t dgram_id, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ulong, void*, int> ack_datagram;

    // int (*ngtcp2_lost_datagram)(ngtcp2_conn *conn, uint64_t dgram_id, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ulong, void*, int> lost_datagram;

    /// <summary>Mandatory: taken from the crypto library.</summary>
    // int (*ngtcp2_get_path_challenge_data)(ngtcp2_conn *conn, uint8_t *data, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, byte*, void*, int> get_path_challenge_data;

    // int (*ngtcp2_stream_stop_sending)(ngtcp2_conn *conn, int64_t stream_id, uint64_t app_error_code, void *user_data, void *stream_user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, long, ulong, void*, void*, int> stream_stop_sending;

    /// <summary>Mandatory: taken from the crypto library.</summary>
    // int (*ngtcp2_version_negotiation)(ngtcp2_conn *conn, uint32_t version, const ngtcp2_cid *client_dcid, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, uint, ngtcp2_cid*, void*, int> version_negotiation;

    // int (*ngtcp2_recv_key)(ngtcp2_conn *conn, ngtcp2_encryption_level level, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_encryption_level, void*, int> recv_rx_key;

    // int (*ngtcp2_recv_key)(ngtcp2_conn *conn, ngtcp2_encryption_level level, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_encryption_level, void*, int> recv_tx_key;

    // int (*ngtcp2_tls_early_data_rejected)(ngtcp2_conn *conn, void *user_data);
    public delegate* unmanaged[Cdecl]<ngtcp2_conn*, void*, int> tls_early_data_rejected;
}
