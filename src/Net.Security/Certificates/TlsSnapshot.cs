using Net.Security.Internal;

namespace Net.Security;

/// <summary>Identities, trust and ticket keys that belong together: what a source holds at one moment, swapped whole. Immutable.</summary>
public sealed class TlsSnapshot
{
    private readonly ServerTlsOptions[] _server;
    private readonly ServerNameIndex _names;
    private readonly bool _refusesUnknownNames;

    internal TlsSnapshot(long generation, DateTimeOffset loadedAt, IReadOnlyList<TlsIdentity> identities, TrustState? trust, IReadOnlyList<WatchedEnd> issuers, ReadOnlySpan<byte> ticketSecret, CertificateSourceOptions options, SessionTicketStore tickets)
    {
        Generation = generation;
        LoadedAt = loadedAt;
        Identities = identities;
        TrustState = trust;
        Ends = [.. WatchedEnd.Of(identities), .. trust?.Ends ?? [], .. issuers];
        _refusesUnknownNames = options.RefuseUnknownNames;
        _names = new ServerNameIndex(identities);
        _server = new ServerTlsOptions[identities.Count];
        for (int i = 0; i < _server.Length; i++)
        {
            _server[i] = new ServerTlsOptions
            {
                Identity = identities[i],
                ClientCertificateMode = options.ClientCertificateMode,
                ClientCertificatePolicy = trust?.Trust,
                TicketKey = TicketKeys.Derive(ticketSecret, i),
                AllowResumption = options.AllowResumption,
                AllowEarlyData = options.AllowEarlyData,
            };
        }

        Client = trust is null ? null : new ClientTlsOptions
        {
            Identity = identities.Count > 0 ? identities[0] : null,
            ServerCertificatePolicy = trust.Trust,
            TicketStore = options.AllowResumption ? tickets : null,
        };
    }

    /// <summary>Grows with each snapshot of a source, from 1.</summary>
    public long Generation { get; }

    /// <summary>When it was read.</summary>
    public DateTimeOffset LoadedAt { get; }

    /// <summary>The identities; each has the generation of the snapshot that brought it.</summary>
    public IReadOnlyList<TlsIdentity> Identities { get; }

    /// <summary>What judges peers, with the generation of the snapshot that brought it; <c>null</c> when the source has no trust files.</summary>
    public CertificateTrust? Trust => TrustState?.Trust;

    /// <summary>When the first of the identities ends; <see cref="DateTimeOffset.MaxValue"/> without identities.</summary>
    public DateTimeOffset NotAfter => Identities.Count == 0
        ? DateTimeOffset.MaxValue
        : Identities.Min(static identity => new DateTimeOffset(identity.Certificate.NotAfter.ToUniversalTime()));

    /// <summary>What a client connects with; <c>null</c> when the source has no trust files.</summary>
    public ClientTlsOptions? Client { get; }

    internal TrustState? TrustState { get; }

    /// <summary>When each certificate ends: of the identities, of the authorities of peers, and of the roots that peers know this side by.</summary>
    internal IReadOnlyList<WatchedEnd> Ends { get; }

    /// <summary>Chooses what a server shows: the identity that has the name (exactly, else by wildcard), else the first.</summary>
    /// <param name="hello">What is known of the client.</param>
    /// <returns>The options, the same instance for as long as the snapshot is current; <c>null</c> when there is no identity, or none with the name and the options demand one.</returns>
    public ServerTlsOptions? ChooseServer(in ClientHello hello)
    {
        if (_server.Length == 0)
        {
            return null;
        }

        int index = hello.ServerName is string name ? _names.Find(name) : 0;
        return index >= 0 ? _server[index] : _refusesUnknownNames ? null : _server[0];
    }
}
