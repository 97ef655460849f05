using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

// Connection objects: their life, the packets in and out of them, their timer and their state.
internal static unsafe partial class Ngtcp2Native
{
    /// <summary>Fills <paramref name="settings"/> with the defaults of the library. <c>initial_ts</c> is 0: set it before a connection is
    /// made.</summary>
    internal static void ngtcp2_settings_default(ngtcp2_settings* settings) =>
        ngtcp2_settings_default_versioned(NGTCP2_SETTINGS_VERSION, settings);

    // void ngtcp2_settings_default_versioned(int settings_version, ngtcp2_settings *settings);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    private static partial void ngtcp2_settings_default_versioned(int settings_version, ngtcp2_settings* settings);

    /// <summary>Fills <paramref name="params"/> with the defaults of RFC 9000 section 18.2: no stream and no data is allowed yet.</summary>
    internal static void ngtcp2_transport_params_default(ngtcp2_transport_params* @params) =>
        ngtcp2_transport_params_default_versioned(NGTCP2_TRANSPORT_PARAMS_VERSION, @params);

    // void ngtcp2_transport_params_default_versioned(int transport_params_version, ngtcp2_transport_params *params);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    private static partial void ngtcp2_transport_params_default_versioned(int transport_params_version, ngtcp2_transport_params* @params);

    /// <summary>Makes a client connection. The library copies every argument but <paramref name="user_data"/>; free it with <see
    /// cref="ngtcp2_conn_del"/>.</summary>
    internal static int ngtcp2_conn_client_new(
        ngtcp2_conn** pconn, ngtcp2_cid* dcid, ngtcp2_cid* scid, ngtcp2_path* path, uint client_chosen_version, ngtcp2_callbacks* callbacks,
        ngtcp2_settings* settings, ngtcp2_transport_params* @params, ngtcp2_mem* mem, void* user_data) =>
        ngtcp2_conn_client_new_versioned(pconn, dcid, scid, path, client_chosen_version, NGTCP2_CALLBACKS_VERSION, callbacks,
            NGTCP2_SETTINGS_VERSION, settings, NGTCP2_TRANSPORT_PARAMS_VERSION, @params, mem, user_data);

    // int ngtcp2_conn_client_new_versioned(ngtcp2_conn **pconn, const ngtcp2_cid *dcid, const ngtcp2_cid *scid, const ngtcp2_path *path, uint32_t
    // client_chosen_version, int callbacks_version, const ngtcp2_callbacks *callbacks, int settings_version, const ngtcp2_settings *settings, int
    // transport_params_version, const ngtcp2_transport_params *params, const ngtcp2_mem *mem, void *user_data);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    private static partial int ngtcp2_conn_client_new_versioned(
        ngtcp2_conn** pconn, ngtcp2_cid* dcid, ngtcp2_cid* scid, ngtcp2_path* path, uint client_chosen_version, int callbacks_version,
        ngtcp2_callbacks* callbacks, int settings_version, ngtcp2_settings* settings, int transport_params_version,
        ngtcp2_transport_params* @params, ngtcp2_mem* mem, void* user_data);

    /// <summary>Makes a server connection for an Initial that <see cref="ngtcp2_accept"/> took. <c>original_dcid</c> must be set in the
    /// parameters.</summary>
    internal static int ngtcp2_conn_server_new(
        ngtcp2_conn** pconn, ngtcp2_cid* dcid, ngtcp2_cid* scid, ngtcp2_path* path, uint client_chosen_version, ngtcp2_callbacks* callbacks,
        ngtcp2_settings* settings, ngtcp2_transport_params* @params, ngtcp2_mem* mem, void* user_data) =>
        ngtcp2_conn_server_new_versioned(pconn, dcid, scid, path, client_chosen_version, NGTCP2_CALLBACKS_VERSION, callbacks,
            NGTCP2_SETTINGS_VERSION, settings, NGTCP2_TRANSPORT_PARAMS_VERSION, @params, mem, user_data);

    // int ngtcp2_conn_server_new_versioned(ngtcp2_conn **pconn, const ngtcp2_cid *dcid, const ngtcp2_cid *scid, const ngtcp2_path *path, uint32_t
    // client_chosen_version, int callbacks_version, const ngtcp2_callbacks *callbacks, int settings_version, const ngtcp2_settings *settings, int
    // transport_params_version, const ngtcp2_transport_params *params, const ngtcp2_mem *mem, void *user_data);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    private static partial int ngtcp2_conn_server_new_versioned(
        ngtcp2_conn** pconn, ngtcp2_cid* dcid, ngtcp2_cid* scid, ngtcp2_path* path, uint client_chosen_version, int callbacks_version,
        ngtcp2_callbacks* callbacks, int settings_version, ngtcp2_settings* settings, int transport_params_version,
        ngtcp2_transport_params* @params, ngtcp2_mem* mem, void* user_data);

    /// <summary>Frees a connection. Null is allowed; never call it inside a callback.</summary>
    // void ngtcp2_conn_del(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_conn_del(ngtcp2_conn* conn);

    /// <summary>Feeds one UDP datagram. Returns 0 or an error; may call back. <paramref name="ts"/> never goes back.</summary>
    internal static int ngtcp2_conn_read_pkt(ngtcp2_conn* conn, ngtcp2_path* path, ngtcp2_pkt_info* pi, byte* pkt, nuint pktlen, ulong ts) =>
        ngtcp2_conn_read_pkt_versioned(conn, path, NGTCP2_PKT_INFO_VERSION, pi, pkt, pktlen, ts);

    // int ngtcp2_conn_read_pkt_versioned(ngtcp2_conn *conn, const ngtcp2_path *path, int pkt_info_version, const ngtcp2_pkt_info *pi, const uint8_t
    // *pkt, size_t pktlen, ngtcp2_tstamp ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    private static partial int ngtcp2_conn_read_pkt_versioned(
        ngtcp2_conn* conn, ngtcp2_path* path, int pkt_info_version, ngtcp2_pkt_info* pi, byte* pkt, nuint pktlen, ulong ts);

    /// <summary>Writes one UDP datagram without stream data. Returns its length, 0 when there is nothing to send, or an error.</summary>
    internal static nint ngtcp2_conn_write_pkt(ngtcp2_conn* conn, ngtcp2_path* path, ngtcp2_pkt_info* pi, byte* dest, nuint destlen, ulong ts) =>
        ngtcp2_conn_write_pkt_versioned(conn, path, NGTCP2_PKT_INFO_VERSION, pi, dest, destlen, ts);

    // ngtcp2_ssize ngtcp2_conn_write_pkt_versioned(ngtcp2_conn *conn, ngtcp2_path *path, int pkt_info_version, ngtcp2_pkt_info *pi, uint8_t *dest,
    // size_t destlen, ngtcp2_tstamp ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    private static partial nint ngtcp2_conn_write_pkt_versioned(
        ngtcp2_conn* conn, ngtcp2_path* path, int pkt_info_version, ngtcp2_pkt_info* pi, byte* dest, nuint destlen, ulong ts);

    /// <summary>Writes a CONNECTION_CLOSE and enters the closing period. Returns its length, 0 when none may be sent, or an error.</summary>
    internal static nint ngtcp2_conn_write_connection_close(
        ngtcp2_conn* conn, ngtcp2_path* path, ngtcp2_pkt_info* pi, byte* dest, nuint destlen, ngtcp2_ccerr* ccerr, ulong ts) =>
        ngtcp2_conn_write_connection_close_versioned(conn, path, NGTCP2_PKT_INFO_VERSION, pi, dest, destlen, ccerr, ts);

    // ngtcp2_ssize ngtcp2_conn_write_connection_close_versioned(ngtcp2_conn *conn, ngtcp2_path *path, int pkt_info_version, ngtcp2_pkt_info *pi,
    // uint8_t *dest, size_t destlen, const ngtcp2_ccerr *ccerr, ngtcp2_tstamp ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    private static partial nint ngtcp2_conn_write_connection_close_versioned(
        ngtcp2_conn* conn, ngtcp2_path* path, int pkt_info_version, ngtcp2_pkt_info* pi, byte* dest, nuint destlen, ngtcp2_ccerr* ccerr,
        ulong ts);

    /// <summary>The time of the next due timer in nanoseconds; <see cref="ulong.MaxValue"/> when none runs.</summary>
    // ngtcp2_tstamp ngtcp2_conn_get_expiry(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ulong ngtcp2_conn_get_expiry(ngtcp2_conn* conn);

    /// <summary>Runs the timers that are due at <paramref name="ts"/>. An error other than 0 ends the connection.</summary>
    // int ngtcp2_conn_handle_expiry(ngtcp2_conn *conn, ngtcp2_tstamp ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_handle_expiry(ngtcp2_conn* conn, ulong ts);

    /// <summary>The probe timeout in nanoseconds (RFC 9002 section 6.2); closing and draining last three of them.</summary>
    // ngtcp2_duration ngtcp2_conn_get_pto(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ulong ngtcp2_conn_get_pto(ngtcp2_conn* conn);

    /// <summary>Tells the pacer that the packets written since the last call have been handed to the socket.</summary>
    // void ngtcp2_conn_update_pkt_tx_time(ngtcp2_conn *conn, ngtcp2_tstamp ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_conn_update_pkt_tx_time(ngtcp2_conn* conn, ulong ts);

    /// <summary>How many bytes may be sent in one burst, for example with UDP_SEGMENT.</summary>
    // size_t ngtcp2_conn_get_send_quantum(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial nuint ngtcp2_conn_get_send_quantum(ngtcp2_conn* conn);

    /// <summary>The largest datagram a write may ask for, path-MTU probes included: the size a write buffer needs.</summary>
    // size_t ngtcp2_conn_get_max_tx_udp_payload_size(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial nuint ngtcp2_conn_get_max_tx_udp_payload_size(ngtcp2_conn* conn);

    /// <summary>The datagram size that path-MTU discovery has proved on the current path.</summary>
    // size_t ngtcp2_conn_get_path_max_tx_udp_payload_size(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial nuint ngtcp2_conn_get_path_max_tx_udp_payload_size(ngtcp2_conn* conn);

    /// <summary>Bytes the peer still lets us send on the whole connection (MAX_DATA).</summary>
    // uint64_t ngtcp2_conn_get_max_data_left(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ulong ngtcp2_conn_get_max_data_left(ngtcp2_conn* conn);

    /// <summary>Bytes the congestion window still lets us send now.</summary>
    // uint64_t ngtcp2_conn_get_cwnd_left(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ulong ngtcp2_conn_get_cwnd_left(ngtcp2_conn* conn);

    /// <summary>Copies round-trip times and congestion state. There are no packet or loss counters in it.</summary>
    internal static void ngtcp2_conn_get_conn_info(ngtcp2_conn* conn, ngtcp2_conn_info* cinfo) =>
        ngtcp2_conn_get_conn_info_versioned(conn, NGTCP2_CONN_INFO_VERSION, cinfo);

    // void ngtcp2_conn_get_conn_info_versioned(ngtcp2_conn *conn, int conn_info_version, ngtcp2_conn_info *cinfo);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    private static partial void ngtcp2_conn_get_conn_info_versioned(ngtcp2_conn* conn, int conn_info_version, ngtcp2_conn_info* cinfo);

    /// <summary>Why the connection closed, as sent or as received. Owned by the connection; <c>reason</c> may be null.</summary>
    // const ngtcp2_ccerr *ngtcp2_conn_get_ccerr(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ngtcp2_ccerr* ngtcp2_conn_get_ccerr(ngtcp2_conn* conn);

    /// <summary>Not 0 while a CONNECTION_CLOSE of ours has been sent and packets are answered with it.</summary>
    // int ngtcp2_conn_in_closing_period(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_conn_in_closing_period(ngtcp2_conn* conn);

    /// <summary>Not 0 after the peer closed: nothing may be sent any more.</summary>
    // int ngtcp2_conn_in_draining_period(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_conn_in_draining_period(ngtcp2_conn* conn);

    /// <summary>Not 0 once the TLS handshake is complete, which is before it is confirmed.</summary>
    // int ngtcp2_conn_get_handshake_completed(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_conn_get_handshake_completed(ngtcp2_conn* conn);

    /// <summary>Not 0 for a connection made with <see cref="ngtcp2_conn_server_new"/>.</summary>
    // int ngtcp2_conn_is_server(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_conn_is_server(ngtcp2_conn* conn);

    /// <summary>Not 0 for a client that has received a Retry packet.</summary>
    // int ngtcp2_conn_after_retry(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_conn_after_retry(ngtcp2_conn* conn);

    /// <summary>Sends a PING after so many nanoseconds of silence; <see cref="ulong.MaxValue"/> turns it off.</summary>
    // void ngtcp2_conn_set_keep_alive_timeout(ngtcp2_conn *conn, ngtcp2_duration timeout);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_conn_set_keep_alive_timeout(ngtcp2_conn* conn, ulong timeout);

    /// <summary>The version of the client's first flight.</summary>
    // uint32_t ngtcp2_conn_get_client_chosen_version(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial uint ngtcp2_conn_get_client_chosen_version(ngtcp2_conn* conn);

    /// <summary>The version in use, or 0 before it is known (RFC 9368).</summary>
    // uint32_t ngtcp2_conn_get_negotiated_version(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial uint ngtcp2_conn_get_negotiated_version(ngtcp2_conn* conn);

    /// <summary>What we told the peer. Owned by the connection.</summary>
    // const ngtcp2_transport_params *ngtcp2_conn_get_local_transport_params(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ngtcp2_transport_params* ngtcp2_conn_get_local_transport_params(ngtcp2_conn* conn);

    /// <summary>What the peer told us, or null before it did. Owned by the connection.</summary>
    // const ngtcp2_transport_params *ngtcp2_conn_get_remote_transport_params(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ngtcp2_transport_params* ngtcp2_conn_get_remote_transport_params(ngtcp2_conn* conn);

    /// <summary>Sends a NEW_TOKEN frame; a server's right, after the handshake. The token is copied.</summary>
    // int ngtcp2_conn_submit_new_token(ngtcp2_conn *conn, const uint8_t *token, size_t tokenlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_submit_new_token(ngtcp2_conn* conn, byte* token, nuint tokenlen);
}
