using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

/// <summary>A piece of memory, as struct iovec.</summary>
// typedef struct ngtcp2_vec;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_vec
{
    // uint8_t *base;
    public byte* @base;

    // size_t len;
    public nuint len;
}

/// <summary>A decoded packet header.</summary>
// typedef struct ngtcp2_pkt_hd;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_pkt_hd
{
    // ngtcp2_cid dcid;
    public ngtcp2_cid dcid;

    // ngtcp2_cid scid;
    public ngtcp2_cid scid;

    // int64_t pkt_num;
    public long pkt_num;

    /// <summary>Points into the packet that was read.</summary>
    // const uint8_t *token;
    public byte* token;

    // size_t tokenlen;
    public nuint tokenlen;

    // size_t pkt_numlen;
    public nuint pkt_numlen;

    // size_t len;
    public nuint len;

    // uint32_t version;
    public uint version;

    // uint8_t type;
    public byte type;

    // uint8_t flags;
    public byte flags;
}

/// <summary>A Stateless Reset that was received.</summary>
// typedef struct ngtcp2_pkt_stateless_reset;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_pkt_stateless_reset
{
    // uint8_t stateless_reset_token[NGTCP2_STATELESS_RESET_TOKENLEN];
    public StatelessResetToken stateless_reset_token;

    // const uint8_t *rand;
    public byte* rand;

    // size_t randlen;
    public nuint randlen;
}

/// <summary>Version and connection ids of a packet, before it is known whose it is.</summary>
// typedef struct ngtcp2_version_cid;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_version_cid
{
    // uint32_t version;
    public uint version;

    /// <summary>Points into the packet that was read.</summary>
    // const uint8_t *dcid;
    public byte* dcid;

    // size_t dcidlen;
    public nuint dcidlen;

    // const uint8_t *scid;
    public byte* scid;

    // size_t scidlen;
    public nuint scidlen;
}

/// <summary>What the IP header says of a datagram.</summary>
// typedef struct NGTCP2_ALIGN(8) ngtcp2_pkt_info;
[StructLayout(LayoutKind.Explicit)]
internal struct ngtcp2_pkt_info
{
    /// <summary>ECN codepoint, NGTCP2_ECN_*.</summary>
    // uint8_t ecn;
    [FieldOffset(0)]
    public byte ecn;

    // C aligns the structure to 8 bytes; this field does the same here.
    [FieldOffset(0)]
    private readonly ulong _alignment;
}
