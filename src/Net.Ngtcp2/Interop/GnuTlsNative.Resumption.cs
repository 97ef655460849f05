using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

// Tickets, early data and its protection against replay, and hooks into the handshake.
internal static unsafe partial class GnuTlsNative
{
    /// <summary>Makes a random ticket key; its data is freed with <see cref="gnutls_free(void*)"/> after it has been erased.</summary>
    // int gnutls_session_ticket_key_generate(gnutls_datum_t *key);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_session_ticket_key_generate(gnutls_datum_t* key);

    /// <summary>Server: issues and takes tickets under a key. The key is copied.</summary>
    // int gnutls_session_ticket_enable_server(gnutls_session_t session, const gnutls_datum_t *key);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_session_ticket_enable_server(gnutls_session_int* session, gnutls_datum_t* key);

    /// <summary>Server: sends so many tickets now. Flags are 0.</summary>
    // int gnutls_session_ticket_send(gnutls_session_t session, unsigned nr, unsigned flags);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_session_ticket_send(gnutls_session_int* session, uint nr, uint flags);

    /// <summary>Client: the data to resume with, after a ticket has arrived. Free it with <see cref="gnutls_free(void*)"/>.</summary>
    // int gnutls_session_get_data2(gnutls_session_t session, gnutls_datum_t *data);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_session_get_data2(gnutls_session_int* session, gnutls_datum_t* data);

    /// <summary>Client: the data to resume with, before the handshake. It is copied.</summary>
    // int gnutls_session_set_data(gnutls_session_t session, const void *session_data, size_t session_data_size);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_session_set_data(gnutls_session_int* session, void* session_data, nuint session_data_size);

    /// <summary>Server: how long a ticket may be used, in seconds; at most 604800 in TLS 1.3.</summary>
    // void gnutls_db_set_cache_expiration(gnutls_session_t session, int seconds);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_db_set_cache_expiration(gnutls_session_int* session, int seconds);

    /// <summary>Server: the early data a ticket allows. QUIC wants 0xffffffff (RFC 9001 section 4.6.1).</summary>
    // int gnutls_record_set_max_early_data_size(gnutls_session_t session, size_t size);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_record_set_max_early_data_size(gnutls_session_int* session, nuint size);

    /// <summary>Client: the early data its ticket allows; 0 when 0-RTT is not possible.</summary>
    // size_t gnutls_record_get_max_early_data_size(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    [SuppressGCTransition]
    internal static partial nuint gnutls_record_get_max_early_data_size(gnutls_session_int* session);

    /// <summary>Makes an anti-replay context. Free it with <see cref="gnutls_anti_replay_deinit"/>.</summary>
    // int gnutls_anti_replay_init(gnutls_anti_replay_t *anti_replay);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_anti_replay_init(gnutls_anti_replay_st** anti_replay);

    /// <summary>Frees an anti-replay context. No session may use it any more.</summary>
    // void gnutls_anti_replay_deinit(gnutls_anti_replay_t anti_replay);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_anti_replay_deinit(gnutls_anti_replay_st* anti_replay);

    /// <summary>The time in milliseconds in which a ClientHello may arrive (RFC 8446 section 8.3). Default 10,000.</summary>
    // void gnutls_anti_replay_set_window(gnutls_anti_replay_t anti_replay, unsigned int window);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_anti_replay_set_window(gnutls_anti_replay_st* anti_replay, uint window);

    /// <summary>The database: 0 when the key is new, GNUTLS_E_DB_ENTRY_EXISTS when it was seen. Called on the loop that handshakes.</summary>
    // void gnutls_anti_replay_set_add_function(gnutls_anti_replay_t, gnutls_db_add_func add_func);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_anti_replay_set_add_function(
        gnutls_anti_replay_st* anti_replay, delegate* unmanaged[Cdecl]<void*, long, gnutls_datum_t*, gnutls_datum_t*, int> add_func);

    /// <summary>The first argument of the add function.</summary>
    // void gnutls_anti_replay_set_ptr(gnutls_anti_replay_t, void *ptr);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_anti_replay_set_ptr(gnutls_anti_replay_st* anti_replay, void* ptr);

    /// <summary>Server: guards a session's early data. Only the pointer is kept: the context must outlive the session.</summary>
    // void gnutls_anti_replay_enable(gnutls_session_t session, gnutls_anti_replay_t anti_replay);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_anti_replay_enable(gnutls_session_int* session, gnutls_anti_replay_st* anti_replay);

    /// <summary>Called for handshake messages of one type, before or after they are processed; an error ends the handshake.</summary>
    // void gnutls_handshake_set_hook_function(gnutls_session_t session, unsigned int htype, int when, gnutls_handshake_hook_func func);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_handshake_set_hook_function(
        gnutls_session_int* session, uint htype, int when,
        delegate* unmanaged[Cdecl]<gnutls_session_int*, uint, uint, uint, gnutls_datum_t*, int> func);

    /// <summary>Server: called when the ClientHello is read, in time to choose credentials by name or ALPN; an error ends the handshake.</summary>
    // void gnutls_handshake_set_post_client_hello_function(gnutls_session_t session, gnutls_handshake_simple_hook_func func);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_handshake_set_post_client_hello_function(
        gnutls_session_int* session, delegate* unmanaged[Cdecl]<gnutls_session_int*, int> func);

    /// <summary>Walks the extensions of a ClientHello: <paramref name="cb"/> gets type and content of each; an error of it ends the walk.</summary>
    // int gnutls_ext_raw_parse(void *ctx, gnutls_ext_raw_process_func cb, const gnutls_datum_t *data, unsigned int flags);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_ext_raw_parse(
        void* ctx, delegate* unmanaged[Cdecl]<void*, uint, byte*, uint, int> cb, gnutls_datum_t* data, uint flags);

    /// <summary>The name of a message type. Static.</summary>
    // const char *gnutls_handshake_description_get_name(gnutls_handshake_description_t type);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial byte* gnutls_handshake_description_get_name(gnutls_handshake_description_t type);

    /// <summary>Fills memory with random bytes. 0, or an error.</summary>
    // int gnutls_rnd(gnutls_rnd_level_t level, void *data, size_t len);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_rnd(gnutls_rnd_level_t level, void* data, nuint len);
}
