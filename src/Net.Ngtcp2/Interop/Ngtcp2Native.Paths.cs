using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

// Paths, migration and connection ids.
internal static unsafe partial class Ngtcp2Native
{
    /// <summary>The path in use. Owned by the connection, valid until the next call on it.</summary>
    // const ngtcp2_path *ngtcp2_conn_get_path(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ngtcp2_path* ngtcp2_conn_get_path(ngtcp2_conn* conn);

    /// <summary>Replaces the local address of the current path without probing, for one that is learned late. The address is copied.</summary>
    // void ngtcp2_conn_set_local_addr(ngtcp2_conn *conn, const ngtcp2_addr *addr);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_conn_set_local_addr(ngtcp2_conn* conn, ngtcp2_addr* addr);

    /// <summary>Sets the pointer that <c>path.user_data</c> carries for the current path.</summary>
    // void ngtcp2_conn_set_path_user_data(ngtcp2_conn *conn, void *path_user_data);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_conn_set_path_user_data(ngtcp2_conn* conn, void* path_user_data);

    /// <summary>Client only: probes the new path and moves to it once it is validated (RFC 9000 section 9).</summary>
    // int ngtcp2_conn_initiate_migration(ngtcp2_conn *conn, const ngtcp2_path *path, ngtcp2_tstamp ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_initiate_migration(ngtcp2_conn* conn, ngtcp2_path* path, ulong ts);

    /// <summary>Client only: moves to the new path at once and validates it afterwards.</summary>
    // int ngtcp2_conn_initiate_immediate_migration(ngtcp2_conn *conn, const ngtcp2_path *path, ngtcp2_tstamp ts);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_conn_initiate_immediate_migration(ngtcp2_conn* conn, ngtcp2_path* path, ulong ts);

    /// <summary>The connection id we write to. Owned by the connection.</summary>
    // const ngtcp2_cid *ngtcp2_conn_get_dcid(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ngtcp2_cid* ngtcp2_conn_get_dcid(ngtcp2_conn* conn);

    /// <summary>The destination id of the client's first Initial. Owned by the connection.</summary>
    // const ngtcp2_cid *ngtcp2_conn_get_client_initial_dcid(ngtcp2_conn *conn);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial ngtcp2_cid* ngtcp2_conn_get_client_initial_dcid(ngtcp2_conn* conn);

    /// <summary>Copies our connection ids and returns how many there are; with a null <paramref name="dest"/> it only counts.</summary>
    // size_t ngtcp2_conn_get_scid(ngtcp2_conn *conn, ngtcp2_cid *dest);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial nuint ngtcp2_conn_get_scid(ngtcp2_conn* conn, ngtcp2_cid* dest);

    /// <summary>Copies the peer's ids in use and returns how many there are; with a null <paramref name="dest"/> it only counts.</summary>
    // size_t ngtcp2_conn_get_active_dcid(ngtcp2_conn *conn, ngtcp2_cid_token *dest);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial nuint ngtcp2_conn_get_active_dcid(ngtcp2_conn* conn, ngtcp2_cid_token* dest);

    /// <summary>Fills an id of 0 to 20 bytes. A longer one ends the process in an assert.</summary>
    // void ngtcp2_cid_init(ngtcp2_cid *cid, const uint8_t *data, size_t datalen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_cid_init(ngtcp2_cid* cid, byte* data, nuint datalen);

    /// <summary>Not 0 when both ids are equal.</summary>
    // int ngtcp2_cid_eq(const ngtcp2_cid *a, const ngtcp2_cid *b);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_cid_eq(ngtcp2_cid* a, ngtcp2_cid* b);

    /// <summary>Copies both addresses into <paramref name="ps"/> and points its path at them. An address is at most 28 bytes.</summary>
    // void ngtcp2_path_storage_init(ngtcp2_path_storage *ps, const ngtcp2_sockaddr *local_addr, ngtcp2_socklen local_addrlen, const ngtcp2_sockaddr
    // *remote_addr, ngtcp2_socklen remote_addrlen, void *user_data);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_path_storage_init(
        ngtcp2_path_storage* ps, void* local_addr, uint local_addrlen, void* remote_addr, uint remote_addrlen, void* user_data);

    /// <summary>Empties <paramref name="ps"/> and points its path at its own buffers: the form in which writes take it.</summary>
    // void ngtcp2_path_storage_zero(ngtcp2_path_storage *ps);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_path_storage_zero(ngtcp2_path_storage* ps);

    /// <summary>Points <paramref name="dest"/> at an address; nothing is copied.</summary>
    // ngtcp2_addr *ngtcp2_addr_init(ngtcp2_addr *dest, const ngtcp2_sockaddr *addr, ngtcp2_socklen addrlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial ngtcp2_addr* ngtcp2_addr_init(ngtcp2_addr* dest, void* addr, uint addrlen);

    /// <summary>Copies an address into the buffer <paramref name="dest"/> points at.</summary>
    // void ngtcp2_addr_copy_byte(ngtcp2_addr *dest, const ngtcp2_sockaddr *addr, ngtcp2_socklen addrlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_addr_copy_byte(ngtcp2_addr* dest, void* addr, uint addrlen);

    /// <summary>Copies the addresses of <paramref name="src"/> into the buffers of <paramref name="dest"/>.</summary>
    // void ngtcp2_path_copy(ngtcp2_path *dest, const ngtcp2_path *src);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial void ngtcp2_path_copy(ngtcp2_path* dest, ngtcp2_path* src);

    /// <summary>Not 0 when both addresses of both paths are equal.</summary>
    // int ngtcp2_path_eq(const ngtcp2_path *a, const ngtcp2_path *b);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_path_eq(ngtcp2_path* a, ngtcp2_path* b);
}
