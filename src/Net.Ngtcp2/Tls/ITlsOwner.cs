namespace Net.Ngtcp2.Tls;

/// <summary>
/// What the <c>user_data</c> of a connection's <c>ngtcp2_crypto_conn_ref</c> leads to, as a GCHandle. TLS callbacks find their session through it.
/// </summary>
internal interface ITlsOwner
{
    /// <summary>The TLS session of the connection.</summary>
    TlsSession Tls { get; }
}
