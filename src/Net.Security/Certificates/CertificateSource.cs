using Microsoft.Extensions.Logging;
using Net.Security.Internal;

namespace Net.Security;

/// <summary>Certificates, keys and trust that change while a server or a client works, without a restart. Thread-safe.</summary>
/// <remarks>
/// <para>Files are watched by their content, so that a rename, a link that is set anew (as Kubernetes mounts secrets) and a write in place are all seen, on any file system. New content goes
/// live whole, as one <see cref="TlsSnapshot"/>, when two looks in a row find the same and it is good: every file parses, each key belongs to its certificate, the certificates follow from each
/// other, are valid now, allow their role and keep their names; the trust holds a valid root; each revocation list is signed by an authority of the trust and not older than the one before.
/// Anything else is refused with a message that says why and how to mend it, and what was in use stays.</para>
/// <para>The next handshake uses the new snapshot. Session tickets from before end with it. Connections live on; those whose peer the new trust refuses are closed at once by
/// <see cref="Guard"/>, if their owner gave them to it, and so are those whose peer's certificate ended <see cref="CertificateSourceOptions.ExpiryGrace"/> ago.</para>
/// </remarks>
public sealed partial class CertificateSource : IAsyncDisposable
{
    private readonly ILogger _logger;
    private readonly PeerGuard _guard;
    private readonly SourceReader _reader;
    private readonly SessionTicketStore _tickets;
    private readonly SemaphoreSlim _looking = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly PeriodicTimer _timer;
    private readonly Task _watching;
    private readonly ClientSource _client;
    private SourceState _state;
    private IReadOnlyList<CertificateExpiry> _expiries = [];
    private int _isDisposed;

    private CertificateSource(CertificateSourceOptions options, SourceReader reader, SourceState first, SessionTicketStore tickets)
    {
        Options = options;
        _reader = reader;
        _state = first;
        _tickets = tickets;
        _logger = options.LoggerFactory.CreateLogger(CertificateDiagnostics.SourceName);
        _guard = new PeerGuard(() => Current.Trust, options, _logger);
        _client = new ClientSource(this);
        ServerSelector = (in ClientHello hello) => Current.ChooseServer(hello);
        CertificateDiagnostics.Add(this);
        CertificateLog.Applied(_logger, options.Name, first.Snapshot.Generation, first.Describe());
        _timer = new PeriodicTimer(options.PollInterval, options.TimeProvider);
        _watching = WatchAsync();
    }

    /// <summary>Raised after a new snapshot has come into use, on a thread of the source's; handlers must be quick.</summary>
    public event EventHandler? Changed;

    /// <summary>Raised when new content was refused, on a thread of the source's; handlers must be quick.</summary>
    public event EventHandler<CertificateRefusedEventArgs>? Refused;

    /// <summary>
    /// Raised with each warning that something must be renewed: when it is first found, once a day while it stands, at each mark (<see cref="CertificateExpiry.Threshold"/>), and after each change
    /// of the snapshot. <see cref="Expiries"/> says what.
    /// On a thread of the source's; handlers must be quick.
    /// </summary>
    public event EventHandler? Expiring;

    /// <summary>What must be renewed, as it was last warned of; a new list with each warning, empty when nothing must. Files are first looked at within <see cref="CertificateSourceOptions.PollInterval"/>.</summary>
    public IReadOnlyList<CertificateExpiry> Expiries => Volatile.Read(ref _expiries);

    /// <summary>What is in use.</summary>
    public TlsSnapshot Current => Volatile.Read(ref _state).Snapshot;

    /// <summary>For <see cref="ListenOptions.Tls"/> and the hosting options of Net.Server, on UDP and TCP alike.</summary>
    public ServerTlsSelector ServerSelector { get; }

    /// <summary>For a channel.</summary>
    /// <exception cref="InvalidOperationException">The source has no trust files, without which no server can be judged.</exception>
    public ClientTlsSource Client => Current.Client is not null
        ? _client
        : throw new InvalidOperationException($"The source '{Options.Name}' has no {nameof(CertificateSourceOptions.TrustFiles)}; a client needs the authorities that servers' certificates come from.");

    /// <summary>Closes connections whose peer is no longer trusted. Servers and channels give their connections to it.</summary>
    public ConnectionGuard Guard => _guard;

    internal CertificateSourceOptions Options { get; }

    internal int WatchedPeers => _guard.Count;

    /// <summary>Opens a source over PEM files with the default options.</summary>
    /// <param name="certificatePath">The certificate file, the leaf first and any intermediates after it.</param>
    /// <param name="keyPath">The key file, not encrypted.</param>
    /// <param name="trust">A file with the authorities that peers' certificates must come from, or <c>null</c>.</param>
    /// <returns>The source, which the caller owns.</returns>
    /// <exception cref="ArgumentException">A path is empty or holds a NUL character.</exception>
    /// <exception cref="CertificateSourceException">What the files hold cannot be used; the message says why.</exception>
    public static CertificateSource FromFiles(string certificatePath, string keyPath, string? trust = null) => Open(new CertificateSourceOptions
    {
        Identities = [IdentityInput.FromPemFiles(certificatePath, keyPath)],
        TrustFiles = trust is null ? [] : [trust],
    });

    /// <summary>Opens a source that reads files and stores only.</summary>
    /// <param name="options">What it reads and how.</param>
    /// <returns>The source, which the caller owns. It has its first snapshot.</returns>
    /// <exception cref="ArgumentException">The options are out of range; the message lists every fault.</exception>
    /// <exception cref="InvalidOperationException">An identity comes from a callback; use <see cref="OpenAsync"/>.</exception>
    /// <exception cref="CertificateSourceException">What was read cannot be used; the message says why.</exception>
    public static CertificateSource Open(CertificateSourceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var reader = new SourceReader(options);
        if (reader.IsAsync)
        {
            throw new InvalidOperationException($"An identity of the source '{options.Name}' comes from a callback, which may wait; open it with {nameof(OpenAsync)}.");
        }

        // Nothing in it waits, so that the task is over.
        return OpenCoreAsync(options, reader, CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <summary>Opens a source.</summary>
    /// <param name="options">What it reads and how.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The source, which the caller owns. It has its first snapshot.</returns>
    /// <exception cref="ArgumentException">The options are out of range; the message lists every fault.</exception>
    /// <exception cref="CertificateSourceException">What was read cannot be used; the message says why.</exception>
    public static Task<CertificateSource> OpenAsync(CertificateSourceOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return OpenCoreAsync(options, new SourceReader(options), cancellationToken);
    }

    /// <summary>Looks at the files now and, if they hold something new that is good, uses it at once: the caller says that whoever writes them is done.</summary>
    /// <param name="cancellationToken">Stops waiting before anything is changed.</param>
    /// <returns>What came of it. A refusal is no exception.</returns>
    /// <exception cref="ObjectDisposedException">The source is disposed.</exception>
    public async Task<CertificateReload> ReloadAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        return await LookAsync(isAsked: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops watching. What is in use stays usable: connections and handshakes may go on with it, but peers are no longer judged again. May be called twice.</summary>
    /// <returns>A task that ends when nothing of the source runs any more.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            CertificateDiagnostics.Remove(this);
            await _stop.CancelAsync().ConfigureAwait(false);
            _guard.Dispose();
            _timer.Dispose();
        }

        await _watching.ConfigureAwait(false);
    }

    private static async Task<CertificateSource> OpenCoreAsync(CertificateSourceOptions options, SourceReader reader, CancellationToken cancellationToken)
    {
        SessionTicketStore tickets = options.TicketStore ?? new InMemorySessionTicketStore(options.TimeProvider);
        using SourceContent content = await reader.ReadAsync(isAsked: true, cancellationToken).ConfigureAwait(false);
        return new CertificateSource(options, reader, SourceState.Build(content, options, tickets, before: null), tickets);
    }

    /// <summary>The source as a channel sees it.</summary>
    private sealed class ClientSource : ClientTlsSource
    {
        private readonly CertificateSource _source;

        internal ClientSource(CertificateSource source)
        {
            _source = source;
            source.Changed += (_, _) => Changed?.Invoke(this, EventArgs.Empty);
        }

        public override event EventHandler? Changed;

        // The files are fixed, so that a source which had a trust once always has one.
        public override ClientTlsOptions Current => _source.Current.Client!;

        public override long Generation => _source.Current.Generation;

        public override ConnectionGuard Guard => _source.Guard;
    }
}
