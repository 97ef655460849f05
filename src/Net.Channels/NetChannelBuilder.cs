using Microsoft.Extensions.Logging;
using Net.Client;
using Net.Http3;

namespace Net.Channels;

/// <summary>Puts a <see cref="ClientChannel"/> together. Each method says one thing; what is not said has a default that serves most. Not thread-safe; after <see cref="Build"/> it takes no changes.</summary>
/// <remarks>
/// Without a word of them, each end point has a circuit breaker (<see cref="CircuitBreakerOptions.Default"/>), idempotent calls are sent again when they fail (<see cref="RetryOptions.Default"/>, within
/// <see cref="RetryBudgetOptions.Default"/>), and what the server provably never processed is, whatever the call. There are no hedging, no outlier ejection and no timeouts: a call without a deadline
/// of its caller's may take as long as it takes, as nobody but the caller knows which streams are to live for hours.
/// </remarks>
/// <example>
/// <code>
/// await using ClientChannel channel = new NetChannelBuilder("https://a.example:443", "https://b.example:443")
///     .UseTrust(CertificateTrust.FromPemFile("ca.pem"))
///     .UseBalancing(Balancing.PeakEwma)
///     .Build();
/// </code>
/// </example>
public sealed partial class NetChannelBuilder
{
    private readonly List<ChannelEndPoint> _endPoints = [];
    private readonly Dictionary<string, CallPolicy> _methods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CallPolicy> _prefixes = new(StringComparer.Ordinal);
    private readonly List<Func<NetChannelOptions, HealthProbe>> _probes = [];
    private NetChannelOptions _options = new() { Tls = null! };
    private CallPolicy _policy = CallPolicy.Default;
    private RetryBudgetOptions _budget = RetryBudgetOptions.Default;
    private Http3ConnectionOptions _http3 = Http3ConnectionOptions.Default;
    private Http2SessionOptions _http2 = Http2SessionOptions.Default;
    private RawStreamLimits _headers = RawStreamLimits.Default;
    private HealthOptions? _health = HealthOptions.Default;
    private ClientTlsSource? _source;
    private TlsIdentity? _identity;
    private PeerCertificatePolicy? _trust;
    private SessionTicketStore? _tickets;
    private bool _keepsTickets;
    private bool _isRetrySaid;
    private TransportEngine? _engine;
    private Func<NetChannelOptions, EndPointResolver>? _resolver;
    private Http2Protocol? _http2Protocol;
    private Uri? _authority;
    private Uri? _resolvedAuthority;
    private bool _isBuilt;

    /// <summary>Begins with end points.</summary>
    /// <param name="endPoints">Each as <c>https://host:port</c>, <c>host:port</c> or <c>[v6]:port</c>. None: they come from <see cref="UseResolver"/> or <see cref="AddEndPoint"/>.</param>
    /// <exception cref="FormatException">One is none of these; the message says what is wrong.</exception>
    public NetChannelBuilder(params string[] endPoints)
    {
        ArgumentNullException.ThrowIfNull(endPoints);
        foreach (string endPoint in endPoints)
        {
            _endPoints.Add(ChannelEndPoint.Parse(endPoint));
        }
    }

    /// <summary>The engines to choose from, for tests.</summary>
    internal IReadOnlyList<ChannelEngines.Candidate> Candidates { get; set; } = ChannelEngines.All;

    /// <summary>Adds an end point, with weight, priority, zone or server name.</summary>
    /// <param name="endPoint">The end point.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="InvalidOperationException">The channel is built already; so for every method here.</exception>
    public NetChannelBuilder AddEndPoint(ChannelEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return Change(() => _endPoints.Add(endPoint));
    }

    /// <summary>Has end points found, and found again; each answer replaces all that were known.</summary>
    /// <param name="resolver">The resolver, such as <see cref="DnsResolver"/> or <see cref="FileResolver"/>.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseResolver(EndPointResolver resolver)
    {
        ArgumentNullException.ThrowIfNull(resolver);
        return UseMadeResolver(_ => resolver, authority: null);
    }

    /// <summary>The same, for one that takes the channel's clock and log.</summary>
    /// <param name="make">Makes it.</param>
    /// <param name="authority">What its servers are called when nobody else says it; <c>null</c>: it does not know.</param>
    internal NetChannelBuilder UseMadeResolver(Func<NetChannelOptions, EndPointResolver> make, Uri? authority) => Change(() => (_resolver, _resolvedAuthority) = (make, authority));

    /// <summary>Names the channel, for logs, traces and snapshots. Default <c>default</c>.</summary>
    /// <param name="name">The name, from a closed set, as it is a metric's tag.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseName(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return Change(() => _options = _options with { Name = name });
    }

    /// <summary>What servers are told that they are called as, and the base address of the clients made here. Default: server name and port of the first end point.</summary>
    /// <param name="authority">An https URI without a path.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">It is no such URI.</exception>
    public NetChannelBuilder UseAuthority(Uri authority)
    {
        ArgumentNullException.ThrowIfNull(authority);
        if (!authority.IsAbsoluteUri || authority.Scheme != Uri.UriSchemeHttps || authority.PathAndQuery != "/" || authority.UserInfo.Length > 0)
        {
            throw new ArgumentException($"'{authority}' must hold https, a host and perhaps a port, but no user, path or query.", nameof(authority));
        }

        return Change(() => _authority = authority);
    }

    /// <summary>Shows a certificate to servers that ask for one (mutual TLS). For one that rotates, use <see cref="UseTls"/>.</summary>
    /// <param name="identity">Certificate and key.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseIdentity(TlsIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        return Change(() => _identity = identity);
    }

    /// <summary>Judges servers' certificates. Needed, here or with <see cref="UseTls"/>: what the machine itself trusts does not count.</summary>
    /// <param name="policy">The policy, such as <see cref="CertificateTrust"/>.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseTrust(PeerCertificatePolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return Change(() => _trust = policy);
    }

    /// <summary>Takes identity and trust from a source that may change them: connections from before a change are replaced without a call lost.</summary>
    /// <param name="source">The source, in place of <see cref="UseIdentity"/> and <see cref="UseTrust"/>. It stays the caller's.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseTls(ClientTlsSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Change(() => _source = source);
    }

    /// <summary>Keeps session tickets, so that QUIC connections are resumed. Beside <see cref="UseTrust"/>.</summary>
    /// <param name="store">The store; <c>null</c>: one in memory.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseSessionTickets(SessionTicketStore? store = null) => Change(() => (_tickets, _keepsTickets) = (store, true));

    /// <summary>Lets what is idempotent travel as 0-RTT data to servers that gave a ticket; needs session tickets. An attacker may replay such data: only what may be retried goes early.</summary>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseEarlyData() => Change(() => _options = _options with { AllowEarlyData = true });

    /// <summary>Takes a QUIC engine. Default: the first of ngtcp2 and msquic that runs here, which the channel then owns; when none does, TCP alone is used and the log says why.</summary>
    /// <param name="engine">The engine. It stays the caller's and is disposed after the channel.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseEngine(TransportEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        return Change(() => _engine = engine);
    }

    /// <summary>Takes an engine by its name.</summary>
    /// <param name="name">The name, or <c>auto</c>: the first that runs here.</param>
    /// <returns>Whether there is one of this name.</returns>
    internal bool TryUseEngine(string name)
    {
        ChannelEngines.Candidate[] found = [.. ChannelEngines.All.Where(c => c.Name == name)];
        if (found.Length > 0)
        {
            Change(() => Candidates = found);
        }

        return found.Length > 0 || name == "auto";
    }

    /// <summary>Which of QUIC and TCP is used. Default <see cref="FallbackPolicy.Prefer"/>: QUIC, and TCP where UDP is blocked.</summary>
    /// <param name="policy">The policy.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseFallback(FallbackPolicy policy) => Change(() => _options = _options with { Race = _options.Race with { Policy = policy } });

    /// <summary>How QUIC is raced against TCP.</summary>
    /// <param name="race">The options, their policy included.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseRace(ProtocolRaceOptions race)
    {
        ArgumentNullException.ThrowIfNull(race);
        return Change(() => _options = _options with { Race = race });
    }

    /// <summary>How calls are spread over the end points. Default <see cref="Balancing.LeastConnections"/>.</summary>
    /// <param name="policy">The policy, such as those of <see cref="Balancing"/>.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseBalancing(BalancingPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return Change(() => _options = _options with { Balancing = policy });
    }

    /// <summary>How many connections are kept, how long, and how calls wait for them.</summary>
    /// <param name="options">The options.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UsePool(PoolOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Change(() => _options = _options with { Pool = options });
    }

    /// <summary>Changes what else the pool is made of: priorities, slow start, transport limits. End points, identity and engine are this builder's to say.</summary>
    /// <param name="change">Gets what is set and returns what shall be.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder Configure(Func<NetChannelOptions, NetChannelOptions> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return Change(() => _options = change(_options));
    }

    /// <summary>Limits of each HTTP/3 and HTTP/2 connection, and of the headers of raw streams.</summary>
    /// <param name="http3">Of HTTP/3; <c>null</c>: as before.</param>
    /// <param name="http2">Of HTTP/2; <c>null</c>: as before.</param>
    /// <param name="headers">Of raw streams' headers; <c>null</c>: as before.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="InvalidOperationException"><see cref="Http2"/> was taken already, with the limits that held then; or the channel is built.</exception>
    public NetChannelBuilder UseLimits(Http3ConnectionOptions? http3 = null, Http2SessionOptions? http2 = null, RawStreamLimits? headers = null) => Change(() =>
    {
        if (http2 is not null && _http2Protocol is not null)
        {
            throw new InvalidOperationException($"{nameof(Http2)} was taken already and has its limits; call {nameof(UseLimits)} before.");
        }

        _http3 = http3 ?? _http3;
        _http2 = http2 ?? _http2;
        _headers = headers ?? _headers;
    });

    /// <summary>Takes the log.</summary>
    /// <param name="loggerFactory">Where it goes.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseLoggerFactory(ILoggerFactory loggerFactory)
    {
        ArgumentNullException.ThrowIfNull(loggerFactory);
        return Change(() => _options = _options with { LoggerFactory = loggerFactory });
    }

    /// <summary>Takes clock and chance, for tests.</summary>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="random">Chance; <c>null</c>: a seed of its own. The channel alone uses it.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseClock(TimeProvider timeProvider, Random? random = null)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        return Change(() => _options = _options with { TimeProvider = timeProvider, Random = random });
    }

    private NetChannelBuilder Change(Action change)
    {
        if (_isBuilt)
        {
            throw new InvalidOperationException("The channel is built already; make another builder for another channel.");
        }

        change();
        return this;
    }
}
