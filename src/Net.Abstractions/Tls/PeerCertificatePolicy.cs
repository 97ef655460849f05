namespace Net;

/// <summary>Decides whether a peer's certificate is accepted. Called by every engine in every handshake, also for a resumed session.</summary>
/// <remarks>
/// Implementations are thread-safe, do not block and do no network work: some engines call them on the thread that serves all connections.
/// The in-box implementation is <see cref="CertificateTrust"/>.
/// </remarks>
public abstract class PeerCertificatePolicy
{
    /// <summary>Grows whenever the answers may have changed, so that caches and sessions from before can be told apart. Default 0.</summary>
    public virtual long Generation => 0;

    /// <summary>Judges one certificate chain.</summary>
    /// <param name="context">The chain and what is known of the handshake.</param>
    /// <returns>The verdict; a refusal ends the handshake with the matching TLS alert on both sides.</returns>
    public abstract PeerCertificateVerdict Evaluate(in PeerCertificateContext context);
}
