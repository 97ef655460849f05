using System.Security.Cryptography.X509Certificates;

namespace Net;

/// <summary>One further condition on a chain that a <see cref="CertificateTrust"/> has built and found good: a revocation list, allowed names, an allow-list.</summary>
/// <remarks>
/// Implementations are immutable, thread-safe and do no network work. Their answers are remembered with the rest of the verdict, so that they depend on nothing but the chain, the
/// role and the time; what changes otherwise needs a new trust with a new generation.
/// </remarks>
public abstract class ChainRule
{
    /// <summary>Judges a chain.</summary>
    /// <param name="chain">The chain that was built, leaf first, root last. The certificates end with the call: keep none.</param>
    /// <param name="context">What is known of the handshake.</param>
    /// <param name="validUntil">Until when the answer holds; a rule whose own data ends earlier lowers it. Never raise it.</param>
    /// <returns>The verdict.</returns>
    public abstract PeerCertificateVerdict Judge(IReadOnlyList<X509Certificate2> chain, in PeerCertificateContext context, ref DateTimeOffset validUntil);
}
