using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Net.Security;

namespace Net.Server;

/// <summary>How Kestrel's HTTP/3, and the raw protocols beside it on the same UDP ports, run on an engine of ours. Read once, when the host is built.</summary>
public sealed class NetTransportOptions
{
    /// <summary>The engine; stays the caller's. <c>null</c> (the default): the first of ngtcp2 and msquic that runs here; the host owns it then.</summary>
    public TransportEngine? Engine { get; set; }

    /// <summary>
    /// Chooses the TLS options of each handshake on UDP. <c>null</c> (the default): what <c>UseHttps</c> says of the end point, asked for each handshake, too. Keep and reuse the same
    /// <see cref="ServerTlsOptions"/> while it is current.
    /// </summary>
    public ServerTlsSelector? Tls { get; set; }

    /// <summary>Ends connections whose client is no longer trusted, whatever their protocol. <c>null</c> (the default): a client is judged by its handshake alone. Stays the caller's.</summary>
    public ConnectionGuard? ConnectionGuard { get; set; }

    /// <summary>
    /// Intermediate certificates to send after a certificate that <c>UseHttps</c> was given alone. Empty by default: those of the machine's stores are found. Needed because Kestrel keeps
    /// <c>HttpsConnectionAdapterOptions.ServerCertificateChain</c> from the transports of HTTP/3; a <c>ServerCertificateContext</c> brings its own.
    /// </summary>
    public X509Certificate2Collection ServerCertificateChain { get; } = [];

    /// <summary>A connection without any packet from its peer for this long is dropped. Default 30 s; range 1 ms to 1 h, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    /// <remarks>With <see cref="KeepAliveInterval"/> only a peer that is gone runs into it; connections on which nothing is asked are closed by Kestrel's <see cref="KestrelServerLimits.KeepAliveTimeout"/>.</remarks>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A connection that was quiet for this long is sent a PING, so that a request which takes long does not idle out. Default 10 s; <see cref="Timeout.InfiniteTimeSpan"/>: never.</summary>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a handshake may take. Default 10 s; range 1 ms to 10 min.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections open at once on one port, whatever their protocol. Further ones are refused. Default 1,000; range 1 to 10^6.</summary>
    public int MaxConnections { get; set; } = 1000;

    /// <summary>Limits of each connection: streams, windows, resets. Default <see cref="TransportLimits.Default"/>. HTTP/3 needs at least 3 unidirectional streams of the peer's.</summary>
    public TransportLimits Limits { get; set; } = TransportLimits.Default;

    /// <summary>
    /// How fast a peer must take its response; a slower one has the stream reset with H3_REQUEST_CANCELLED, and only that stream. Default 4,096 bytes per second after 10 s; <c>null</c>: no bound.
    /// </summary>
    /// <remarks>
    /// It stands in for <see cref="KestrelServerLimits.MinResponseDataRate"/>, which on HTTP/3 closes the whole connection, and which is therefore switched off when it has its default value;
    /// HTTP/1.1 keeps it.
    /// </remarks>
    public MinDataRate? MinResponseDataRate { get; set; } = new(4096, TimeSpan.FromSeconds(10));

    /// <summary>
    /// When a connection of HTTP/3 ends gracefully, how long its client has after the last response to read it, and to close by itself as GOAWAY asks, before the server closes.
    /// Default 500 ms; range 0 (at once) to 1 min.
    /// </summary>
    public TimeSpan GracefulCloseDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long raw streams may go on after the server was asked to stop. <c>null</c> (the default): the host's shutdown timeout. Requests of HTTP/3 have Kestrel's.</summary>
    public TimeSpan? DrainTimeout { get; set; }

    /// <summary>Limits of raw streams.</summary>
    public RawStreamServerOptions RawStreams { get; set; } = new();

    /// <summary>
    /// Says who calls and what they may do, alike for gRPC, every other HTTP request on any of the application's ports, and raw streams. <c>null</c> (the default): whoever the handshake lets in may do all.
    /// </summary>
    /// <remarks>
    /// Requests pass it before any other middleware, so that rules are about paths as they came; raw streams pass it before their route is looked for.
    /// <see cref="AccessExtensions"/> tells handlers who calls.
    /// </remarks>
    public AccessGate? Access { get; set; }

    /// <summary>Has the last word on what each UDP port listens with, such as <see cref="ListenOptions.RetryThreshold"/>; gets what the other properties made. <see cref="TransportOptions.InlineContinuations"/> must stay off. <c>null</c> (the default): nothing to add.</summary>
    public Func<ListenOptions, ListenOptions>? ConfigureListen { get; set; }

    /// <summary>The engines to choose from, for tests.</summary>
    internal IReadOnlyList<EngineCandidate> Candidates { get; set; } = EngineCandidate.All;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(NetTransportOptions));
        faults.Range(nameof(IdleTimeout), IdleTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1), allowInfinite: true);
        faults.Range(nameof(KeepAliveInterval), KeepAliveInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1), allowInfinite: true);
        faults.Range(nameof(HandshakeTimeout), HandshakeTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(10));
        faults.Range(nameof(MaxConnections), MaxConnections, 1, 1_000_000);
        faults.Range(nameof(GracefulCloseDelay), GracefulCloseDelay, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        if (DrainTimeout is TimeSpan drain)
        {
            faults.Range(nameof(DrainTimeout), drain, TimeSpan.Zero, TimeSpan.FromDays(1), allowInfinite: true);
        }

        if (Limits is null)
        {
            faults.Add(nameof(Limits), "is null.");
        }
        else if (Limits.MaxInboundUnidirectionalStreams < 3)
        {
            faults.Add(nameof(Limits), $"allows {Limits.MaxInboundUnidirectionalStreams} unidirectional streams; HTTP/3 needs 3 (RFC 9114, section 6.2).");
        }

        if (RawStreams is null)
        {
            faults.Add(nameof(RawStreams), "is null.");
        }

        faults.ThrowIfAny();
        Limits!.Validate();
        RawStreams!.Validate();
    }

    internal ListenOptions ToListenOptions(IPEndPoint endPoint, IReadOnlyList<string> protocols, ServerTlsSelector tls)
    {
        var listen = new ListenOptions
        {
            LocalEndPoint = endPoint,
            ApplicationProtocols = protocols,
            Tls = tls,
            IdleTimeout = IdleTimeout,
            KeepAliveInterval = KeepAliveInterval,
            HandshakeTimeout = HandshakeTimeout,
            MaxConnections = MaxConnections,
            Limits = Limits,
        };
        listen = ConfigureListen?.Invoke(listen) ?? listen;
        if (listen.InlineContinuations)
        {
            throw new ArgumentException(
                $"{nameof(NetTransportOptions)}.{nameof(ConfigureListen)} turned {nameof(ListenOptions.InlineContinuations)} on: requests would run on the engine's thread and under Kestrel's locks. Leave it off, or serve raw streams alone with NetServerBuilder.");
        }

        return listen;
    }
}
