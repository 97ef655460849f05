using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

/// <summary>A socket address that is kept elsewhere.</summary>
// typedef struct ngtcp2_addr;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_addr
{
    /// <summary>A struct sockaddr; not owned.</summary>
    // ngtcp2_sockaddr *addr;
    public void* addr;

    // ngtcp2_socklen addrlen;
    public uint addrlen;
}

/// <summary>The two ends of a network path.</summary>
// typedef struct ngtcp2_path;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_path
{
    // ngtcp2_addr local;
    public ngtcp2_addr local;

    // ngtcp2_addr remote;
    public ngtcp2_addr remote;

    // void *user_data;
    public void* user_data;
}

/// <summary>A path with room for its addresses; path points into the same structure, so it must not move.</summary>
// typedef struct ngtcp2_path_storage;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_path_storage
{
    // ngtcp2_path path;
    public ngtcp2_path path;

    // ngtcp2_sockaddr_union local_addrbuf;
    public ngtcp2_sockaddr_union local_addrbuf;

    // ngtcp2_sockaddr_union remote_addrbuf;
    public ngtcp2_sockaddr_union remote_addrbuf;
}

/// <summary>A connection id of the peer in use, with its path and reset token.</summary>
// typedef struct ngtcp2_cid_token;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ngtcp2_cid_token
{
    /// <summary>Sequence number of the id.</summary>
    // uint64_t seq;
    public ulong seq;

    // ngtcp2_cid cid;
    public ngtcp2_cid cid;

    // ngtcp2_path_storage ps;
    public ngtcp2_path_storage ps;

    // uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN];
    public StatelessResetToken token;

    // uint8_t token_present;
    public byte token_present;
}
