using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Security;

/// <summary>What a <see cref="CertificateSource"/> reads, how it judges it, and what it makes of it. Read once, when the source is opened.</summary>
public sealed record CertificateSourceOptions
{
    /// <summary>Name of the source in metrics and logs. Default <c>default</c>.</summary>
    /// <remarks>Give each source of a process its own, so that metrics and alarms tell them apart.</remarks>
    public string Name { get; init; } = "default";

    /// <summary>The identities. A server chooses among them by the name that the client asks for, and the first is shown when none has it; a client shows the first. Default none.</summary>
    /// <remarks>One for each set of names. Put the one first that clients without a name should see.</remarks>
    public IReadOnlyList<IdentityInput> Identities { get; init; } = [];

    /// <summary>
    /// Files with the authorities that peers' certificates must come from, PEM or one DER certificate each. Self-signed certificates in them are roots, all others intermediates that peers may
    /// leave out. Several roots at once let an authority be replaced. Default none: peers' certificates cannot be judged.
    /// </summary>
    /// <remarks>To replace an authority add the new root, renew what the old one issued, then take the old one out.</remarks>
    public IReadOnlyList<string> TrustFiles { get; init; } = [];

    /// <summary>
    /// Files with the revocation lists (RFC 5280, section 5) of authorities in <see cref="TrustFiles"/>, PEM or DER, complete lists only. An issuer without a list is taken to have revoked
    /// nothing, unless <see cref="RequireRevocationLists"/> says otherwise. Default none.
    /// </summary>
    /// <remarks>Needed where a certificate must be stopped before it ends; have something put new lists there before the old are overdue.</remarks>
    public IReadOnlyList<string> RevocationListFiles { get; init; } = [];

    /// <summary>What a list is worth after its nextUpdate. Default <see cref="ExpiredListRule.Refuse"/>.</summary>
    /// <remarks>Keep the default where revocation matters; accept overdue lists where the job that fetches them is less reliable than the peers.</remarks>
    public ExpiredListRule ExpiredLists { get; init; }

    /// <summary>Whether a peer is refused when an authority in its chain has no revocation list. Default <c>false</c>.</summary>
    /// <remarks>Turn it on when every authority publishes a list, so that one which is forgotten is noticed.</remarks>
    public bool RequireRevocationLists { get; init; }

    /// <summary>Which peers are accepted of those whose chain is good. Default: all.</summary>
    /// <remarks>Narrow it where the authority issues to more than the peers of this service.</remarks>
    public PeerRules Peers { get; init; } = new();

    /// <summary>
    /// Files with the roots that this side's own certificates must lead to, so that one which peers would refuse never goes live. Default none: the certificates are only checked to follow
    /// from each other.
    /// </summary>
    /// <remarks>Name the roots that peers trust: a certificate of the wrong authority then never goes live. Their end is warned of as that of the others.</remarks>
    public IReadOnlyList<string> IssuerFiles { get; init; } = [];

    /// <summary>What the identities are used for. Default <see cref="CertificateRole.Either"/>.</summary>
    /// <remarks>Say it where it is known: a certificate without the usage is then refused before peers refuse it.</remarks>
    public CertificateRole Role { get; init; }

    /// <summary>
    /// Names that a new certificate may lack though the one before had them. Any other missing name refuses the new certificate, as clients that use it would fail. Default none;
    /// <c>*</c> allows any to go.
    /// </summary>
    /// <remarks>Name what is meant to go, for one renewal, and take it out again.</remarks>
    public IReadOnlyList<string> RemovableNames { get; init; } = [];

    /// <summary>The directory that every file must be in, after all links are followed; relative paths start there. <c>null</c> (the default): anywhere, from the current directory.</summary>
    /// <remarks>Set it where paths come from configuration that others may write.</remarks>
    public string? BaseDirectory { get; init; }

    /// <summary>The largest certificate, key, trust or password file that is read, bytes. Default 1 MiB; range 1 KiB to 64 MiB.</summary>
    /// <remarks>Raise it for very large collections of roots.</remarks>
    public int MaxFileSize { get; init; } = 1 << 20;

    /// <summary>The largest revocation list that is read, bytes. Default 16 MiB; range 1 KiB to 256 MiB.</summary>
    /// <remarks>Raise it for authorities with long lists; all of it is read into memory at each change.</remarks>
    public int MaxRevocationListSize { get; init; } = 16 << 20;

    /// <summary>
    /// How often files are looked at. Default 250 ms; range 10 ms to 1 h. New content goes live when two looks in a row find the same and it is good, so that it takes up to twice as long.
    /// </summary>
    /// <remarks>Raise it where files are on a network mount that is slow or billed by the request.</remarks>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long bad content must stand unchanged before it is reported as refused, so that a pair which is being written raises no alarm. Default 1 s; range 0 to 10 min.</summary>
    /// <remarks>Above what the tool that writes the files takes from the first file to the last.</remarks>
    public TimeSpan RefusalDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often stores and callbacks are asked, and how often content that was refused is judged again. Default 1 min; range 1 s to 1 day.</summary>
    /// <remarks>Lower it where a store or callback is the only source and must be followed sooner; each asking costs what it costs there.</remarks>
    public TimeSpan SlowInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a callback may take. Default 10 s; range 1 ms to 10 min.</summary>
    /// <remarks>Above the slowest answer of the secret store. Meanwhile what is in use stays.</remarks>
    public TimeSpan CallbackTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long before its end a certificate is warned of, once a day, and when 7 days, 1 day and nothing is left: leaf and intermediates of this side's chains, roots and intermediates of
    /// <see cref="TrustFiles"/> and <see cref="IssuerFiles"/>. Default 14 days; range 0 (only once it is over) to 1 year.
    /// </summary>
    /// <remarks>Longer than it takes you to have a certificate issued, and shorter than certificates live.</remarks>
    public TimeSpan ExpiryWarning { get; init; } = TimeSpan.FromDays(14);

    /// <summary>
    /// How long after the end of its leaf certificate a peer's connection is cut. Until then it lives on, so that a peer which renews in time loses nothing. Default 30 s; range 0 to 1 day, or
    /// <see cref="Timeout.InfiniteTimeSpan"/>: never.
    /// </summary>
    /// <remarks>Enough for a peer to reconnect with its new certificate. Zero where nobody may stay a moment longer.</remarks>
    public TimeSpan ExpiryGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Server: whether clients show a certificate. Default <see cref="ClientCertificateMode.None"/>.</summary>
    /// <remarks>Require them where all callers have one; ask for them where some prove themselves otherwise.</remarks>
    public ClientCertificateMode ClientCertificateMode { get; init; }

    /// <summary>Server: whether a client that asks for a name which no identity has is refused with alert unrecognized_name. Default <c>false</c>: it is shown the first identity.</summary>
    /// <remarks>Turn it on where a wrong name shows a mistake or a scan; leave it off where clients connect by address.</remarks>
    public bool RefuseUnknownNames { get; init; }

    /// <summary>Whether sessions may be resumed. Default <c>true</c>. Tickets end with each new snapshot.</summary>
    /// <remarks>Turn it off only where every connection must show its certificate anew; each handshake then costs its signatures.</remarks>
    public bool AllowResumption { get; init; } = true;

    /// <summary>Server: whether 0-RTT data is accepted. Default <c>false</c>: it may only carry work that can be done twice.</summary>
    /// <remarks>Turn it on where idempotent calls gain from a round trip less, and clients mark their methods truly.</remarks>
    public bool AllowEarlyData { get; init; }

    /// <summary>
    /// Server: 32 secret bytes or more, shared by servers that resume each other's sessions. Ticket keys are derived from it and from the content of the snapshot, so that servers with the same
    /// files have the same keys and change them together. Empty (the default): each snapshot has random keys.
    /// </summary>
    /// <remarks>Share one among servers behind one name. Who has it can forge tickets, and with them clients: keep it as secret as a private key.</remarks>
    public ReadOnlyMemory<byte> TicketSecret { get; init; }

    /// <summary>Client: where session tickets are kept; <c>null</c> (the default): in memory.</summary>
    /// <remarks>One of your own keeps tickets over restarts, or shares them; they are as secret as keys.</remarks>
    public SessionTicketStore? TicketStore { get; init; }

    /// <summary>The clock. Default: the system's.</summary>
    /// <remarks>Another clock is for tests.</remarks>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the source logs, under category <c>Net.Security</c>. Default: nowhere.</summary>
    /// <remarks>Give it the application's: refusals and coming ends are told there.</remarks>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(CertificateSourceOptions));
        if (string.IsNullOrWhiteSpace(Name))
        {
            faults.Add(nameof(Name), "is empty.");
        }

        if (Identities is null || Identities.Any(static input => input is null))
        {
            faults.Add(nameof(Identities), "is null or holds null; leave it empty for none.");
        }
        else if (Identities.Count == 0 && TrustFiles is { Count: 0 })
        {
            faults.Add(nameof(Identities), $"is empty, and so is {nameof(TrustFiles)}; the source would hold nothing.");
        }

        CheckPaths(faults, nameof(TrustFiles), TrustFiles);
        CheckPaths(faults, nameof(RevocationListFiles), RevocationListFiles);
        CheckPaths(faults, nameof(IssuerFiles), IssuerFiles);
        CheckPaths(faults, nameof(BaseDirectory), BaseDirectory is null ? [] : [BaseDirectory]);
        if (TrustFiles is { Count: 0 } && (RevocationListFiles is { Count: > 0 } || ClientCertificateMode != ClientCertificateMode.None))
        {
            faults.Add(nameof(TrustFiles), "is empty; revocation lists and client certificates need the authorities that they come from.");
        }

        if (RequireRevocationLists && RevocationListFiles is { Count: 0 })
        {
            faults.Add(nameof(RevocationListFiles), $"is empty, and {nameof(RequireRevocationLists)} would refuse every peer.");
        }

        if (RemovableNames is null || Peers is null || TimeProvider is null || LoggerFactory is null)
        {
            faults.Add(nameof(RemovableNames), $"or {nameof(Peers)}, {nameof(TimeProvider)} or {nameof(LoggerFactory)} is null; leave the default.");
        }

        if (TicketSecret.Length is > 0 and < 32)
        {
            faults.Add(nameof(TicketSecret), $"has {TicketSecret.Length} bytes; it must be empty or have 32 or more.");
        }

        if (AllowEarlyData && !AllowResumption)
        {
            faults.Add(nameof(AllowEarlyData), "needs AllowResumption.");
        }

        faults.Range(nameof(MaxFileSize), MaxFileSize, 1 << 10, 64 << 20);
        faults.Range(nameof(MaxRevocationListSize), MaxRevocationListSize, 1 << 10, 256 << 20);
        faults.Range(nameof(PollInterval), PollInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
        faults.Range(nameof(RefusalDelay), RefusalDelay, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        faults.Range(nameof(SlowInterval), SlowInterval, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        faults.Range(nameof(CallbackTimeout), CallbackTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(10));
        faults.Range(nameof(ExpiryWarning), ExpiryWarning, TimeSpan.Zero, TimeSpan.FromDays(366));
        faults.Range(nameof(ExpiryGrace), ExpiryGrace, TimeSpan.Zero, TimeSpan.FromDays(1), allowInfinite: true);
        faults.ThrowIfAny();
        Peers!.Validate();
    }

    private static void CheckPaths(OptionFaults faults, string property, IReadOnlyList<string>? paths)
    {
        if (paths is null || paths.Any(static path => string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal)))
        {
            faults.Add(property, "is null, or holds a path that is empty or has a NUL character in it.");
        }
    }
}
