using System.Net;
using Net.Ngtcp2;
using Net.Ngtcp2.Loop;
using Net.Ngtcp2.Udp;
using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>An engine with a listener on loopback, and connections to it. Client and server have a thread each, as in two processes.</summary>
internal sealed class QuicPair : IAsyncDisposable
{
    private const string Protocol = "perf/1";
    private const int MaxConnections = 100_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Ngtcp2Engine _engine = new();
    private readonly TlsIdentity _clientIdentity;
    private readonly CertificateTrust _trust;
    private readonly List<TransportConnection> _connections = [];
    private Ngtcp2Listener _listener = null!;
    private TransportLimits _limits = TransportLimits.Default;
    private bool _inline;

    private QuicPair(Certificates certificates, CertificateTrust? trust)
    {
        _clientIdentity = new TlsIdentity(certificates.Client);
        _trust = trust ?? certificates.Trust;
    }

    /// <summary>Tickets for the next connections; <c>null</c>: full handshakes.</summary>
    internal SessionTicketStore? Tickets { get; set; }

    /// <summary>Whether the next connections show a client certificate.</summary>
    internal bool ShowsClientCertificate { get; set; }

    /// <summary>What both ends have done so far.</summary>
    internal TrafficCounters Traffic => ClientTraffic + ServerTraffic;

    /// <summary>What the clients' loop has done so far.</summary>
    internal TrafficCounters ClientTraffic => Sum(_engine.ClientLoops);

    /// <summary>What the listener's loop has done so far.</summary>
    internal TrafficCounters ServerTraffic => Sum(_listener.Loops);

    /// <summary>Binds and starts.</summary>
    internal static async Task<QuicPair> StartAsync(
        Certificates certificates, bool inline, bool requireClientCertificate = false, TransportLimits? limits = null, CertificateTrust? trust = null)
    {
        var pair = new QuicPair(certificates, trust) { _inline = inline, _limits = limits ?? new TransportLimits { MaxInboundBidirectionalStreams = 2000 } };
        var tls = new ServerTlsOptions
        {
            Identity = new TlsIdentity(certificates.Server),
            ClientCertificateMode = requireClientCertificate ? ClientCertificateMode.Required : ClientCertificateMode.None,
            ClientCertificatePolicy = pair._trust,
        };
        pair._listener = (Ngtcp2Listener)await pair._engine.ListenAsync(new ListenOptions
        {
            ApplicationProtocols = [Protocol],
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            Tls = (in ClientHello _) => tls,
            InlineContinuations = inline,
            Limits = pair._limits,
            MaxConnections = MaxConnections,
            RetryThreshold = 1000,
            IdleTimeout = TimeSpan.FromMinutes(10),
        }).ConfigureAwait(false);
        return pair;
    }

    /// <summary>Opens a connection.</summary>
    /// <returns>Both of its ends. The pair owns them until it is disposed, unless the caller disposes them before.</returns>
    internal async Task<(TransportConnection Client, TransportConnection Server)> ConnectAsync()
    {
        Task<TransportConnection?> accept = _listener.AcceptAsync().AsTask();
        TransportConnection client = await _engine.ConnectAsync(new ConnectOptions
        {
            ApplicationProtocols = [Protocol],
            RemoteEndPoint = _listener.LocalEndPoint,
            ServerName = Certificates.ServerName,
            Tls = new ClientTlsOptions
            {
                Identity = ShowsClientCertificate ? _clientIdentity : null,
                ServerCertificatePolicy = _trust,
                TicketStore = Tickets,
            },
            InlineContinuations = _inline,
            Limits = _limits,
            IdleTimeout = TimeSpan.FromMinutes(10),
        }).ConfigureAwait(false);
        TransportConnection server = await accept.WaitAsync(Patience).ConfigureAwait(false) ?? throw new InvalidOperationException("The listener has stopped.");
        return (client, server);
    }

    /// <summary>Opens a connection that lives as long as the pair.</summary>
    internal async Task<(TransportConnection Client, TransportConnection Server)> ConnectForGoodAsync()
    {
        (TransportConnection client, TransportConnection server) = await ConnectAsync().ConfigureAwait(false);
        _connections.Add(client);
        _connections.Add(server);
        Pinning.PinEngineThreads();
        return (client, server);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (TransportConnection connection in _connections)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }

        await _listener.DisposeAsync().ConfigureAwait(false);
        await _engine.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>What some loops have done so far.</summary>
    internal static TrafficCounters Sum(IReadOnlyList<UdpLoop> loops)
    {
        TrafficCounters sum = default;
        foreach (UdpLoop loop in loops)
        {
            sum += new TrafficCounters(0, 0, 0, 0, loop.Counters.Waits, loop.Counters.Signals);
            foreach (SocketSlot? slot in loop.Sockets)
            {
                if (slot is not null)
                {
                    UdpCounters socket = slot.Socket.Counters;
                    sum += new TrafficCounters(socket.SentDatagrams, socket.SendCalls, socket.ReceivedDatagrams, socket.ReceiveCalls, 0, 0);
                }
            }
        }

        return sum;
    }
}
