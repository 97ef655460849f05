using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

// Sessions: their life, what they negotiate, and what they tell afterwards.
internal static unsafe partial class GnuTlsNative
{
    /// <summary>The version of the library, or null when it is older than <paramref name="req_version"/>. Static.</summary>
    // const char *gnutls_check_version(const char *req_version);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial byte* gnutls_check_version(byte* req_version);

    /// <summary>A sentence for an error code. Static.</summary>
    // const char *gnutls_strerror(int error);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial byte* gnutls_strerror(int error);

    /// <summary>The name of an error code, or null when it is unknown. Static.</summary>
    // const char *gnutls_strerror_name(int error);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial byte* gnutls_strerror_name(int error);

    /// <summary>Not 0 when the session cannot go on.</summary>
    // int gnutls_error_is_fatal(int error);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    [SuppressGCTransition]
    internal static partial int gnutls_error_is_fatal(int error);

    /// <summary>The TLS alert that belongs to an error. <paramref name="level"/> may be null.</summary>
    // int gnutls_error_to_alert(int err, int *level);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_error_to_alert(int err, int* level);

    /// <summary>Makes a session. Flags are of <see cref="gnutls_init_flags_t"/>; free it with <see cref="gnutls_deinit"/>.</summary>
    // int gnutls_init(gnutls_session_t *session, unsigned int flags);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_init(gnutls_session_int** session, uint flags);

    /// <summary>Frees a session. Its credentials and its anti-replay database must still be there.</summary>
    // void gnutls_deinit(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_deinit(gnutls_session_int* session);

    /// <summary>Sets the pointer callbacks find with <see cref="gnutls_session_get_ptr"/>: for QUIC an <see
    /// cref="ngtcp2_crypto_conn_ref"/>.</summary>
    // void gnutls_session_set_ptr(gnutls_session_t session, void *ptr);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_session_set_ptr(gnutls_session_int* session, void* ptr);

    /// <summary>The pointer set before.</summary>
    // void *gnutls_session_get_ptr(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    [SuppressGCTransition]
    internal static partial void* gnutls_session_get_ptr(gnutls_session_int* session);

    /// <summary>Parses a priority string for many sessions. On an error <paramref name="err_pos"/> points at the word that is wrong.</summary>
    // int gnutls_priority_init(gnutls_priority_t *priority_cache, const char *priorities, const char **err_pos);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_priority_init(gnutls_priority_st** priority_cache, byte* priorities, byte** err_pos);

    /// <summary>Frees a parsed priority string; sessions that use it keep it alive.</summary>
    // void gnutls_priority_deinit(gnutls_priority_t priority_cache);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_priority_deinit(gnutls_priority_st* priority_cache);

    /// <summary>Gives a session a parsed priority string. The session takes its own reference.</summary>
    // int gnutls_priority_set(gnutls_session_t session, gnutls_priority_t priority);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_priority_set(gnutls_session_int* session, gnutls_priority_st* priority);

    /// <summary>Parses a priority string for one session.</summary>
    // int gnutls_priority_set_direct(gnutls_session_t session, const char *priorities, const char **err_pos);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_priority_set_direct(gnutls_session_int* session, byte* priorities, byte** err_pos);

    /// <summary>Sets the ALPN names, which are copied. Flags are of <see cref="gnutls_alpn_flags_t"/>.</summary>
    // int gnutls_alpn_set_protocols(gnutls_session_t session, const gnutls_datum_t *protocols, unsigned protocols_size, unsigned flags);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_alpn_set_protocols(gnutls_session_int* session, gnutls_datum_t* protocols, uint protocols_size, uint flags);

    /// <summary>The ALPN name in use. It points into the session. GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE when there is none.</summary>
    // int gnutls_alpn_get_selected_protocol(gnutls_session_t session, gnutls_datum_t *protocol);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_alpn_get_selected_protocol(gnutls_session_int* session, gnutls_datum_t* protocol);

    /// <summary>Client: the name to ask for (SNI). Length 0 sends none. It is copied.</summary>
    // int gnutls_server_name_set(gnutls_session_t session, gnutls_server_name_type_t type, const void *name, size_t name_length);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_server_name_set(gnutls_session_int* session, gnutls_server_name_type_t type, void* name, nuint name_length);

    /// <summary>Server: copies the name asked for. <paramref name="data_length"/> holds the space before and the length after.</summary>
    // int gnutls_server_name_get(gnutls_session_t session, void *data, size_t *data_length, unsigned int *type, unsigned int indx);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_server_name_get(gnutls_session_int* session, void* data, nuint* data_length, uint* type, uint indx);

    /// <summary>Not 0 when the session was resumed from a ticket.</summary>
    // int gnutls_session_is_resumed(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    [SuppressGCTransition]
    internal static partial int gnutls_session_is_resumed(gnutls_session_int* session);

    /// <summary>Facts about the session: <see cref="gnutls_session_flags_t"/>.</summary>
    // unsigned gnutls_session_get_flags(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    [SuppressGCTransition]
    internal static partial uint gnutls_session_get_flags(gnutls_session_int* session);

    /// <summary>A line about version, key exchange and cipher. Free it with <see cref="gnutls_free(void*)"/>; null during the handshake.</summary>
    // char *gnutls_session_get_desc(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial byte* gnutls_session_get_desc(gnutls_session_int* session);

    /// <summary>Receives secrets in the labels of the key log file; the label is a C string.</summary>
    // void gnutls_session_set_keylog_function(gnutls_session_t session, gnutls_keylog_func func);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_session_set_keylog_function(
        gnutls_session_int* session, delegate* unmanaged[Cdecl]<gnutls_session_int*, byte*, gnutls_datum_t*, int> func);

    /// <summary>The function set before.</summary>
    // gnutls_keylog_func gnutls_session_get_keylog_function(const gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial delegate* unmanaged[Cdecl]<gnutls_session_int*, byte*, gnutls_datum_t*, int> gnutls_session_get_keylog_function(
        gnutls_session_int* session);

    // gnutls_protocol_t gnutls_protocol_get_version(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    [SuppressGCTransition]
    internal static partial int gnutls_protocol_get_version(gnutls_session_int* session);

    // const char *gnutls_protocol_get_name(gnutls_protocol_t version);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial byte* gnutls_protocol_get_name(int version);

    // gnutls_cipher_algorithm_t gnutls_cipher_get(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    [SuppressGCTransition]
    internal static partial int gnutls_cipher_get(gnutls_session_int* session);

    // const char *gnutls_cipher_get_name(gnutls_cipher_algorithm_t algorithm);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial byte* gnutls_cipher_get_name(int algorithm);

    /// <summary>The random values of both hello messages. They point into the session.</summary>
    // void gnutls_session_get_random(gnutls_session_t session, gnutls_datum_t *client, gnutls_datum_t *server);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_session_get_random(gnutls_session_int* session, gnutls_datum_t* client, gnutls_datum_t* server);

    // gnutls_group_t gnutls_group_get(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    [SuppressGCTransition]
    internal static partial int gnutls_group_get(gnutls_session_int* session);

    // const char *gnutls_group_get_name(gnutls_group_t group);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial byte* gnutls_group_get_name(int group);

    /// <summary>The signature algorithm of the server's certificate, or 0.</summary>
    // int gnutls_sign_algorithm_get(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_sign_algorithm_get(gnutls_session_int* session);

    // const char *gnutls_sign_get_name(gnutls_sign_algorithm_t algorithm);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial byte* gnutls_sign_get_name(int algorithm);

    /// <summary>The last alert that was received.</summary>
    // gnutls_alert_description_t gnutls_alert_get(gnutls_session_t session);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    [SuppressGCTransition]
    internal static partial gnutls_alert_description_t gnutls_alert_get(gnutls_session_int* session);

    /// <summary>A sentence for an alert. Static.</summary>
    // const char *gnutls_alert_get_name(gnutls_alert_description_t alert);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial byte* gnutls_alert_get_name(gnutls_alert_description_t alert);

    /// <summary>The name of an alert (GNUTLS_A_...), or null. Static.</summary>
    // const char *gnutls_alert_get_strname(gnutls_alert_description_t alert);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial byte* gnutls_alert_get_strname(gnutls_alert_description_t alert);

    /// <summary>Exports keying material (RFC 8446 section 7.5).</summary>
    // int gnutls_prf_rfc5705(gnutls_session_t session, size_t label_size, const char *label, size_t context_size, const char *context, size_t
    // outsize, char *out);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial int gnutls_prf_rfc5705(
        gnutls_session_int* session, nuint label_size, byte* label, nuint context_size, byte* context, nuint outsize, byte* @out);

    /// <summary>Fills memory; never optimised away, so it serves to erase secrets.</summary>
    // void gnutls_memset(void *data, int c, size_t size);
    [LibraryImport(NativeLibraryNames.GnuTls)]
    internal static partial void gnutls_memset(void* data, int c, nuint size);
}
