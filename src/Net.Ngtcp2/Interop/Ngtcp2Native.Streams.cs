using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

// Streams and datagrams: open, write, credit and end.
internal static unsafe partial class Ngtcp2Native
{
    /// <summary>Opens a bidirectional stream. NGTCP2_ERR_STREAM_ID_BLOCKED when the peer allows no more for now.</summary>
    // int ngtcp2_conn_open_bidi_stream(ngtcp2_conn *conn, int64_t *pstream_id, void *stream_user_data);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_open_bidi_stream(ngtcp2_conn* conn, long* pstream_id, void* stream_user_data);

    /// <summary>Opens a unidirectional stream. NGTCP2_ERR_STREAM_ID_BLOCKED when the peer allows no more for now.</summary>
    // int ngtcp2_conn_open_uni_stream(ngtcp2_conn *conn, int64_t *pstream_id, void *stream_user_data);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_open_uni_stream(ngtcp2_conn* conn, long* pstream_id, void* stream_user_data);

    /// <summary>Writes one datagram with stream data. With NGTCP2_WRITE_STREAM_FLAG_MORE it returns NGTCP2_ERR_WRITE_MORE until the packet is full:
    /// keep path, pi, dest and ts the same until then. <paramref name="pdatalen"/> is -1 when no stream data went in. The data must stay until it
    /// is acknowledged.</summary>
    internal static nint ngtcp2_conn_writev_stream(
        ngtcp2_conn* conn, ngtcp2_path* path, ngtcp2_pkt_info* pi, byte* dest, nuint destlen, nint* pdatalen, uint flags, long stream_id,
        ngtcp2_vec* datav, nuint datavcnt, ulong ts) =>
        ngtcp2_conn_writev_stream_versioned(conn, path, NGTCP2_PKT_INFO_VERSION, pi, dest, destlen, pdatalen, flags, stream_id, datav,
            datavcnt, ts);

    // ngtcp2_ssize ngtcp2_conn_writev_stream_versioned(ngtcp2_conn *conn, ngtcp2_path *path, int pkt_info_version, ngtcp2_pkt_info *pi, uint8_t
    // *dest, size_t destlen, ngtcp2_ssize *pdatalen, uint32_t flags, int64_t stream_id, const ngtcp2_vec *datav, size_t datavcnt, ngtcp2_tstamp
    // ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    private static partial nint ngtcp2_conn_writev_stream_versioned(
        ngtcp2_conn* conn, ngtcp2_path* path, int pkt_info_version, ngtcp2_pkt_info* pi, byte* dest, nuint destlen, nint* pdatalen,
        uint flags, long stream_id, ngtcp2_vec* datav, nuint datavcnt, ulong ts);

    /// <summary>Writes one packet with a DATAGRAM frame. A frame that does not fit gives <paramref name="paccepted"/> 0 and no error.</summary>
    internal static nint ngtcp2_conn_writev_datagram(
        ngtcp2_conn* conn, ngtcp2_path* path, ngtcp2_pkt_info* pi, byte* dest, nuint destlen, int* paccepted, uint flags, ulong dgram_id,
        ngtcp2_vec* datav, nuint datavcnt, ulong ts) =>
        ngtcp2_conn_writev_datagram_versioned(conn, path, NGTCP2_PKT_INFO_VERSION, pi, dest, destlen, paccepted, flags, dgram_id, datav,
            datavcnt, ts);

    // ngtcp2_ssize ngtcp2_conn_writev_datagram_versioned(ngtcp2_conn *conn, ngtcp2_path *path, int pkt_info_version, ngtcp2_pkt_info *pi, uint8_t
    // *dest, size_t destlen, int *paccepted, uint32_t flags, uint64_t dgram_id, const ngtcp2_vec *datav, size_t datavcnt, ngtcp2_tstamp ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    private static partial nint ngtcp2_conn_writev_datagram_versioned(
        ngtcp2_conn* conn, ngtcp2_path* path, int pkt_info_version, ngtcp2_pkt_info* pi, byte* dest, nuint destlen, int* paccepted,
        uint flags, ulong dgram_id, ngtcp2_vec* datav, nuint datavcnt, ulong ts);

    /// <summary>Ends both directions with a code: RESET_STREAM and STOP_SENDING. Flags are 0.</summary>
    // int ngtcp2_conn_shutdown_stream(ngtcp2_conn *conn, uint32_t flags, int64_t stream_id, uint64_t app_error_code);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_shutdown_stream(ngtcp2_conn* conn, uint flags, long stream_id, ulong app_error_code);

    /// <summary>Ends our sending side with RESET_STREAM. Flags are 0.</summary>
    // int ngtcp2_conn_shutdown_stream_write(ngtcp2_conn *conn, uint32_t flags, int64_t stream_id, uint64_t app_error_code);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_shutdown_stream_write(ngtcp2_conn* conn, uint flags, long stream_id, ulong app_error_code);

    /// <summary>Asks the peer to stop with STOP_SENDING. Flags are 0.</summary>
    // int ngtcp2_conn_shutdown_stream_read(ngtcp2_conn *conn, uint32_t flags, int64_t stream_id, uint64_t app_error_code);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_shutdown_stream_read(ngtcp2_conn* conn, uint flags, long stream_id, ulong app_error_code);

    /// <summary>Gives the peer so many more bytes of credit on one stream (MAX_STREAM_DATA).</summary>
    // int ngtcp2_conn_extend_max_stream_offset(ngtcp2_conn *conn, int64_t stream_id, uint64_t datalen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_extend_max_stream_offset(ngtcp2_conn* conn, long stream_id, ulong datalen);

    /// <summary>Gives the peer so many more bytes of credit on the connection (MAX_DATA).</summary>
    // void ngtcp2_conn_extend_max_offset(ngtcp2_conn *conn, uint64_t datalen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_conn_extend_max_offset(ngtcp2_conn* conn, ulong datalen);

    /// <summary>Lets the peer open so many more bidirectional streams (MAX_STREAMS).</summary>
    // void ngtcp2_conn_extend_max_streams_bidi(ngtcp2_conn *conn, size_t n);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_conn_extend_max_streams_bidi(ngtcp2_conn* conn, nuint n);

    /// <summary>Lets the peer open so many more unidirectional streams (MAX_STREAMS).</summary>
    // void ngtcp2_conn_extend_max_streams_uni(ngtcp2_conn *conn, size_t n);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_conn_extend_max_streams_uni(ngtcp2_conn* conn, nuint n);

    /// <summary>Sets the pointer that stream callbacks receive. NGTCP2_ERR_STREAM_NOT_FOUND when the stream is gone.</summary>
    // int ngtcp2_conn_set_stream_user_data(ngtcp2_conn *conn, int64_t stream_id, void *stream_user_data);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_set_stream_user_data(ngtcp2_conn* conn, long stream_id, void* stream_user_data);

    /// <summary>Bytes the peer still lets us send on one stream; 0 when the stream is gone.</summary>
    // uint64_t ngtcp2_conn_get_max_stream_data_left(ngtcp2_conn *conn, int64_t stream_id);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ulong ngtcp2_conn_get_max_stream_data_left(ngtcp2_conn* conn, long stream_id);

    /// <summary>Bidirectional streams that we may still open.</summary>
    // uint64_t ngtcp2_conn_get_streams_bidi_left(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ulong ngtcp2_conn_get_streams_bidi_left(ngtcp2_conn* conn);

    /// <summary>Unidirectional streams that we may still open.</summary>
    // uint64_t ngtcp2_conn_get_streams_uni_left(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ulong ngtcp2_conn_get_streams_uni_left(ngtcp2_conn* conn);

    /// <summary>Packets with data of this stream that were declared lost; 0 when the stream is gone.</summary>
    // size_t ngtcp2_conn_get_stream_loss_count(ngtcp2_conn *conn, int64_t stream_id);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial nuint ngtcp2_conn_get_stream_loss_count(ngtcp2_conn* conn, long stream_id);

    /// <summary>Not 0 when our side opens streams with this id (RFC 9000 section 2.1).</summary>
    // int ngtcp2_conn_is_local_stream(ngtcp2_conn *conn, int64_t stream_id);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_conn_is_local_stream(ngtcp2_conn* conn, long stream_id);

    /// <summary>Not 0 when the id is that of a bidirectional stream (RFC 9000 section 2.1).</summary>
    // int ngtcp2_is_bidi_stream(int64_t stream_id);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_is_bidi_stream(long stream_id);
}
