using System.Security.Cryptography.X509Certificates;

namespace Net.Security.Internal;

/// <summary>A certificate of a snapshot whose end somebody must be told of.</summary>
/// <param name="Name">Its subject, fit for logs.</param>
/// <param name="SerialNumber">Its serial number, hexadecimal.</param>
/// <param name="NotAfter">When it ends.</param>
/// <param name="Position">Where in its chain it stands.</param>
/// <param name="Index">The number of the identity that it is part of; of an authority its number among those of its position, in the order of the files.</param>
/// <param name="IsPeerAuthority">Whether it is an authority of the trust files.</param>
internal sealed record WatchedEnd(string Name, string SerialNumber, DateTimeOffset NotAfter, ChainPosition Position, int Index, bool IsPeerAuthority)
{
    /// <summary>Whether it is an authority of the issuer files.</summary>
    internal bool IsIssuer { get; init; }

    /// <summary>The certificates of the identities: of each the leaf, then its intermediates.</summary>
    internal static IEnumerable<WatchedEnd> Of(IReadOnlyList<TlsIdentity> identities) => identities.SelectMany(static (identity, i) => identity.Intermediates
        .Select(intermediate => Of(intermediate, ChainPosition.Intermediate, i, isPeerAuthority: false))
        .Prepend(Of(identity.Certificate, ChainPosition.Leaf, i, isPeerAuthority: false)));

    /// <summary>The authorities of the trust files.</summary>
    internal static WatchedEnd[] Of(IEnumerable<X509Certificate2> authorities) =>
    [
        .. authorities.GroupBy(static authority => IdentityCheck.IsSelfIssued(authority) ? ChainPosition.Root : ChainPosition.Intermediate)
            .SelectMany(static group => group.Select((authority, i) => Of(authority, group.Key, i, isPeerAuthority: true))),
    ];

    private static WatchedEnd Of(X509Certificate2 certificate, ChainPosition position, int index, bool isPeerAuthority) =>
        new(PeerText.Clean(certificate.Subject), certificate.SerialNumber, certificate.NotAfter.ToUniversalTime(), position, index, isPeerAuthority);
}
