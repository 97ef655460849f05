using System.Security.Cryptography.X509Certificates;

namespace Net.MsQuic.Internal;

/// <summary>Puts a peer's certificates into the order of the handshake, leaf first.</summary>
internal static class PeerChain
{
    /// <summary>Orders certificates so that each is followed by the one that issued it; those that belong to no chain come last.</summary>
    /// <remarks>The native library hands the chain over as a PKCS #7 set, which has no order.</remarks>
    /// <param name="leaf">The peer's own certificate.</param>
    /// <param name="others">Whatever else it sent; may hold the leaf again.</param>
    /// <returns>DER, leaf first, each certificate once.</returns>
    internal static IReadOnlyList<ReadOnlyMemory<byte>> Order(X509Certificate2 leaf, IEnumerable<X509Certificate2> others)
    {
        var chain = new List<ReadOnlyMemory<byte>> { leaf.RawData };
        var left = new List<X509Certificate2>();
        foreach (X509Certificate2 other in others)
        {
            if (!other.RawDataMemory.Span.SequenceEqual(leaf.RawDataMemory.Span)
                && !left.Exists(known => known.RawDataMemory.Span.SequenceEqual(other.RawDataMemory.Span)))
            {
                left.Add(other);
            }
        }

        X509Certificate2 last = leaf;
        while (left.Find(candidate => IsIssuer(candidate, last)) is X509Certificate2 issuer)
        {
            left.Remove(issuer);
            chain.Add(issuer.RawData);
            last = issuer;
        }

        foreach (X509Certificate2 unrelated in left)
        {
            chain.Add(unrelated.RawData);
        }

        return chain;
    }

    private static bool IsIssuer(X509Certificate2 candidate, X509Certificate2 subject) =>
        candidate.SubjectName.RawData.AsSpan().SequenceEqual(subject.IssuerName.RawData);
}
