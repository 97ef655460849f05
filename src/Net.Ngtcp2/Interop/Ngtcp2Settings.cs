using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

/// <summary>What the rand callback receives.</summary>
// typedef struct ngtcp2_rand_ctx;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_rand_ctx
{
    // void *native_handle;
    public void* native_handle;
}

/// <summary>How a connection behaves (version 2 of the structure).</summary>
// typedef struct ngtcp2_settings;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_settings
{
    /// <summary>Never set it on a client of a library before 1.22: its qlog writer overflows the stack (CVE-2026-40170).</summary>
    // ngtcp2_qlog_write qlog_write;
    public delegate* unmanaged[Cdecl]<void*, uint, void*, nuint, void> qlog_write;

    // ngtcp2_cc_algo cc_algo;
    public ngtcp2_cc_algo cc_algo;

    /// <summary>The time at which the connection starts, in the clock of every later call.</summary>
    // ngtcp2_tstamp initial_ts;
    public ulong initial_ts;

    // ngtcp2_duration initial_rtt;
    public ulong initial_rtt;

    /// <summary>A variadic function, which C# cannot write: leave it null.</summary>
    // ngtcp2_printf log_printf;
    public void* log_printf;

    // size_t max_tx_udp_payload_size;
    public nuint max_tx_udp_payload_size;

    /// <summary>Client: the token for its Initial. Server: the token the Initial carried. Copied.</summary>
    // const uint8_t *token;
    public byte* token;

    // size_t tokenlen;
    public nuint tokenlen;

    // ngtcp2_token_type token_type;
    public ngtcp2_token_type token_type;

    // ngtcp2_rand_ctx rand_ctx;
    public ngtcp2_rand_ctx rand_ctx;

    /// <summary>Upper limit of the automatically growing connection window; 0 stops growth.</summary>
    // uint64_t max_window;
    public ulong max_window;

    /// <summary>Upper limit of the automatically growing stream window; 0 stops growth.</summary>
    // uint64_t max_stream_window;
    public ulong max_stream_window;

    /// <summary>Unacknowledged packets that make an ACK go at once.</summary>
    // size_t ack_thresh;
    public nuint ack_thresh;

    /// <summary>Lets writes use the whole of max_tx_udp_payload_size without discovery.</summary>
    // uint8_t no_tx_udp_payload_size_shaping;
    public byte no_tx_udp_payload_size_shaping;

    /// <summary>Nanoseconds after which the handshake fails; UINT64_MAX for never.</summary>
    // ngtcp2_duration handshake_timeout;
    public ulong handshake_timeout;

    /// <summary>Server: versions it would rather use, best first (RFC 9368). Copied.</summary>
    // const uint32_t *preferred_versions;
    public uint* preferred_versions;

    // size_t preferred_versionslen;
    public nuint preferred_versionslen;

    // const uint32_t *available_versions;
    public uint* available_versions;

    // size_t available_versionslen;
    public nuint available_versionslen;

    /// <summary>Client: the version before a Version Negotiation packet; 0 when there was none.</summary>
    // uint32_t original_version;
    public uint original_version;

    // uint8_t no_pmtud;
    public byte no_pmtud;

    // uint32_t initial_pkt_num;
    public uint initial_pkt_num;

    /// <summary>Datagram sizes that path-MTU discovery tries, in order. Copied.</summary>
    // const uint16_t *pmtud_probes;
    public ushort* pmtud_probes;

    // size_t pmtud_probeslen;
    public nuint pmtud_probeslen;
}

/// <summary>Measurements of a connection.</summary>
// typedef struct ngtcp2_conn_info;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_conn_info
{
    /// <summary>Nanoseconds, as the three that follow.</summary>
    // ngtcp2_duration latest_rtt;
    public ulong latest_rtt;

    // ngtcp2_duration min_rtt;
    public ulong min_rtt;

    // ngtcp2_duration smoothed_rtt;
    public ulong smoothed_rtt;

    // ngtcp2_duration rttvar;
    public ulong rttvar;

    // uint64_t cwnd;
    public ulong cwnd;

    // uint64_t ssthresh;
    public ulong ssthresh;

    // uint64_t bytes_in_flight;
    public ulong bytes_in_flight;
}

/// <summary>Why a connection closes or has closed.</summary>
// typedef struct ngtcp2_ccerr;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_ccerr
{
    // ngtcp2_ccerr_type type;
    public ngtcp2_ccerr_type type;

    // uint64_t error_code;
    public ulong error_code;

    // uint64_t frame_type;
    public ulong frame_type;

    /// <summary>May be null. Not copied by the setters.</summary>
    // const uint8_t *reason;
    public byte* reason;

    // size_t reasonlen;
    public nuint reasonlen;
}

/// <summary>What <see cref="Ngtcp2Native.ngtcp2_version"/> returns.</summary>
// typedef struct ngtcp2_info;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_info
{
    // int age;
    public int age;

    /// <summary>0x00MMmmpp.</summary>
    // int version_num;
    public int version_num;

    // const char *version_str;
    public byte* version_str;
}

/// <summary>An allocator for one connection.</summary>
// typedef struct ngtcp2_mem;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_mem
{
    // void *user_data;
    public void* user_data;

    // ngtcp2_malloc malloc;
    public delegate* unmanaged[Cdecl]<nuint, void*, void*> malloc;

    // ngtcp2_free free;
    public delegate* unmanaged[Cdecl]<void*, void*, void> free;

    // ngtcp2_calloc calloc;
    public delegate* unmanaged[Cdecl]<nuint, nuint, void*, void*> calloc;

    // ngtcp2_realloc realloc;
    public delegate* unmanaged[Cdecl]<void*, nuint, void*, void*> realloc;
}

/// <summary>What the crypto library expects behind the pointer of a GnuTLS session.</summary>
// typedef struct ngtcp2_crypto_conn_ref;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_crypto_conn_ref
{
    /// <summary>Called by the crypto library from inside GnuTLS to find the connection.</summary>
    // ngtcp2_crypto_get_conn get_conn;
    public delegate* unmanaged[Cdecl]<ngtcp2_crypto_conn_ref*, ngtcp2_conn*> get_conn;

    // void *user_data;
    public void* user_data;
}
