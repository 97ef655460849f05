namespace Net.Ngtcp2.Interop;

// Types whose content is the library's own. Each is a type of its own so that the compiler refuses a wrong pointer, which the library would
// answer with an assert or a crash.

/// <summary>A QUIC connection.</summary>
// typedef struct ngtcp2_conn ngtcp2_conn;
internal readonly struct ngtcp2_conn;

/// <summary>An AEAD cipher.</summary>
// typedef struct ngtcp2_crypto_aead ngtcp2_crypto_aead;
internal readonly struct ngtcp2_crypto_aead;

/// <summary>An AEAD cipher with its key.</summary>
// typedef struct ngtcp2_crypto_aead_ctx ngtcp2_crypto_aead_ctx;
internal readonly struct ngtcp2_crypto_aead_ctx;

/// <summary>A header protection cipher.</summary>
// typedef struct ngtcp2_crypto_cipher ngtcp2_crypto_cipher;
internal readonly struct ngtcp2_crypto_cipher;

/// <summary>A header protection cipher with its key.</summary>
// typedef struct ngtcp2_crypto_cipher_ctx ngtcp2_crypto_cipher_ctx;
internal readonly struct ngtcp2_crypto_cipher_ctx;

/// <summary>A TLS session.</summary>
// typedef struct gnutls_session_int *gnutls_session_t;
internal readonly struct gnutls_session_int;

/// <summary>A set of certificates, keys and trusted authorities.</summary>
// typedef struct gnutls_certificate_credentials_st *gnutls_certificate_credentials_t;
internal readonly struct gnutls_certificate_credentials_st;

/// <summary>A parsed priority string.</summary>
// typedef struct gnutls_priority_st *gnutls_priority_t;
internal readonly struct gnutls_priority_st;

/// <summary>A guard of early data against replay.</summary>
// typedef struct gnutls_anti_replay_st *gnutls_anti_replay_t;
internal readonly struct gnutls_anti_replay_st;
