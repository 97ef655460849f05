using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

/// <summary>The address a server would rather be reached at (RFC 9000 section 18.2).</summary>
// typedef struct ngtcp2_preferred_addr;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_preferred_addr
{
    // ngtcp2_cid cid;
    public ngtcp2_cid cid;

    // ngtcp2_sockaddr_in ipv4;
    public ngtcp2_sockaddr_in ipv4;

    // ngtcp2_sockaddr_in6 ipv6;
    public ngtcp2_sockaddr_in6 ipv6;

    // uint8_t ipv4_present;
    public byte ipv4_present;

    // uint8_t ipv6_present;
    public byte ipv6_present;

    // uint8_t stateless_reset_token[NGTCP2_STATELESS_RESET_TOKENLEN];
    public StatelessResetToken stateless_reset_token;
}

/// <summary>The version_information parameter (RFC 9368).</summary>
// typedef struct ngtcp2_version_info;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_version_info
{
    // uint32_t chosen_version;
    public uint chosen_version;

    /// <summary>Versions in network byte order, 4 bytes each.</summary>
    // const uint8_t *available_versions;
    public byte* available_versions;

    // size_t available_versionslen;
    public nuint available_versionslen;
}

/// <summary>Transport parameters (RFC 9000 section 18.2), version 1 of the structure.</summary>
// typedef struct ngtcp2_transport_params;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_transport_params
{
    // ngtcp2_preferred_addr preferred_addr;
    public ngtcp2_preferred_addr preferred_addr;

    /// <summary>Server: the destination id of the client's first Initial (before a Retry).</summary>
    // ngtcp2_cid original_dcid;
    public ngtcp2_cid original_dcid;

    // ngtcp2_cid initial_scid;
    public ngtcp2_cid initial_scid;

    /// <summary>Server: the source id of the Retry packet it sent.</summary>
    // ngtcp2_cid retry_scid;
    public ngtcp2_cid retry_scid;

    // uint64_t initial_max_stream_data_bidi_local;
    public ulong initial_max_stream_data_bidi_local;

    // uint64_t initial_max_stream_data_bidi_remote;
    public ulong initial_max_stream_data_bidi_remote;

    // uint64_t initial_max_stream_data_uni;
    public ulong initial_max_stream_data_uni;

    // uint64_t initial_max_data;
    public ulong initial_max_data;

    // uint64_t initial_max_streams_bidi;
    public ulong initial_max_streams_bidi;

    // uint64_t initial_max_streams_uni;
    public ulong initial_max_streams_uni;

    /// <summary>Nanoseconds; 0 for never.</summary>
    // ngtcp2_duration max_idle_timeout;
    public ulong max_idle_timeout;

    // uint64_t max_udp_payload_size;
    public ulong max_udp_payload_size;

    // uint64_t active_connection_id_limit;
    public ulong active_connection_id_limit;

    // uint64_t ack_delay_exponent;
    public ulong ack_delay_exponent;

    /// <summary>Nanoseconds.</summary>
    // ngtcp2_duration max_ack_delay;
    public ulong max_ack_delay;

    // uint64_t max_datagram_frame_size;
    public ulong max_datagram_frame_size;

    // uint8_t stateless_reset_token_present;
    public byte stateless_reset_token_present;

    // uint8_t disable_active_migration;
    public byte disable_active_migration;

    // uint8_t original_dcid_present;
    public byte original_dcid_present;

    // uint8_t initial_scid_present;
    public byte initial_scid_present;

    // uint8_t retry_scid_present;
    public byte retry_scid_present;

    // uint8_t preferred_addr_present;
    public byte preferred_addr_present;

    // uint8_t stateless_reset_token[NGTCP2_STATELESS_RESET_TOKENLEN];
    public StatelessResetToken stateless_reset_token;

    // uint8_t grease_quic_bit;
    public byte grease_quic_bit;

    // ngtcp2_version_info version_info;
    public ngtcp2_version_info version_info;

    // uint8_t version_info_present;
    public byte version_info_present;
}
