using System.Net;

namespace Net.Testing;

/// <summary>One handshake, as far as the contract can see it.</summary>
/// <remarks>
/// client: hello → server: choose TLS options, protocol, version → client: judge the server → server: judge the client, accept → client: done.
/// Each arrow is one way of the path. The judging and choosing is the application's code and runs outside the network's lock;
/// all other methods need the lock. A step that finds its side over stops.
/// </remarks>
#pragma warning disable CA1001 // The connections belong to the application, which gets them from ConnectAsync and AcceptAsync.
internal sealed class MemoryHandshake
#pragma warning restore CA1001
{
    /// <summary>CONNECTION_REFUSED (RFC 9000, section 20.1).</summary>
    internal const long ConnectionRefused = 0x02;

    private const long VersionNegotiation = 0x11;
    private const long AlertBase = 0x100;
    private const long InternalErrorAlert = AlertBase + 80;
    private const long UnrecognizedNameAlert = AlertBase + 112;
    private const long NoApplicationProtocolAlert = AlertBase + 120;
    private const int FlightSize = 1200;

    private readonly MemoryEngine _engine;
    private readonly ConnectOptions _options;
    private readonly MemoryTickets? _tickets;
    private readonly MemoryLink _link;
    private readonly MemoryConnection _client;
    private readonly MemoryWaiter<TransportConnection> _result;
    private readonly string? _serverName;
    private MemoryListener? _listener;
    private MemoryConnection? _server;
    private MemoryEvent? _clientTimeout;
    private MemoryEvent? _serverTimeout;
    private ServerTlsOptions? _serverTls;
    private MemorySession? _resumed;
    private string _protocol = "";
    private QuicVersion _version;

    /// <summary>Makes a handshake.</summary>
    /// <param name="engine">The client's engine.</param>
    /// <param name="options">The client's options.</param>
    /// <param name="link">The path.</param>
    /// <param name="tickets">The client's tickets, if it keeps any.</param>
    public MemoryHandshake(MemoryEngine engine, ConnectOptions options, MemoryLink link, MemoryTickets? tickets)
    {
        _engine = engine;
        _options = options;
        _tickets = tickets;
        _link = link;

        // An address is no server name (RFC 6066, section 3).
        _serverName = IPAddress.TryParse(options.EffectiveServerName, out _) ? null : options.EffectiveServerName;
        _client = new MemoryConnection(engine, link, isServer: false, options);
        _result = new(engine.Network, options.InlineContinuations);
        link.ClientSide = _client;
        link.Handshake = this;
    }

    private MemoryNetwork Network => _engine.Network;

    /// <summary>Sends the hello.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The client's side once the server has accepted it.</returns>
    public Task<TransportConnection> Start(CancellationToken cancellationToken)
    {
        Network.Add(_link);
        _clientTimeout = Network.Schedule(_options.HandshakeTimeout.Ticks, () => FailFromClient(new ConnectionClose(
            CloseInitiator.None, TransportError.ConnectFailed, null, null,
            $"The handshake with {_link.Server} did not end within {_options.HandshakeTimeout} (TransportOptions.HandshakeTimeout).")));
        _result.CancelWith(() => FailFromClient(new ConnectionClose(
            CloseInitiator.Local, TransportError.ConnectFailed, null, null, "The caller gave up.")), cancellationToken);
        _link.Send(fromServer: false, FlightSize, ReceiveHello);
        return _result.Task;
    }

    /// <summary>Ends the handshake because of the client, and tells the server if it knows of the client.</summary>
    /// <param name="close">How it ends for the client.</param>
    public void FailFromClient(ConnectionClose close)
    {
        if (EndClient(close) && _server is not null)
        {
            _link.Send(fromServer: false, 32, () => EndServer(Mirror(close)));
        }
    }

    /// <summary>Ends the handshake because of the server, and tells the client.</summary>
    /// <param name="close">How it ends for the server.</param>
    public void FailFromServer(ConnectionClose close)
    {
        if (EndServer(close))
        {
            _link.Send(fromServer: true, 32, () => EndClient(Mirror(close)));
        }
    }

    /// <summary>Notes that one side ended before its handshake did.</summary>
    /// <param name="isServer">Which side.</param>
    /// <param name="close">How.</param>
    public void HandleEnd(bool isServer, ConnectionClose close)
    {
        (isServer ? _serverTimeout : _clientTimeout)?.Cancel();
        if (!isServer)
        {
            _result.TrySetException(close.ToException(isSafeToRetry: true));
        }
    }

    private void ReceiveHello()
    {
        if (!_client.IsHandshaking)
        {
            return;
        }

        MemoryListener? listener = Network.FindListener(_link.Server);
        string? refusal = listener is null ? $"Nobody listens on {_link.Server}." : listener.ReasonToRefuse();
        if (refusal is not null)
        {
            _link.Send(fromServer: true, 32, () => EndClient(new ConnectionClose(
                CloseInitiator.Remote, TransportError.ConnectFailed, null, ConnectionRefused, refusal)));
            return;
        }

        _listener = listener!;
        _server = new MemoryConnection(_listener.Engine, _link, isServer: true, _listener.Options) { Listener = _listener };
        _link.ServerSide = _server;
        _listener.Add(_server);
        TimeSpan limit = _listener.Options.HandshakeTimeout;
        _serverTimeout = Network.Schedule(limit.Ticks, () => FailFromServer(new ConnectionClose(
            CloseInitiator.None, TransportError.ConnectFailed, null, null, $"The client did not end its handshake within {limit} (TransportOptions.HandshakeTimeout).")));
        Network.Defer(ChooseTls);
    }

    // Application code: outside the lock.
    private void ChooseTls()
    {
        ServerTlsOptions? tls = null;
        ConnectionClose? failure = null;
        try
        {
            tls = _listener!.Options.Tls(new ClientHello(_serverName, _link.Client));
            tls?.Validate();
            failure = tls is null ? Alert(UnrecognizedNameAlert, $"The server has no certificate for '{_serverName}'.") : null;
        }
        catch (Exception exception)
        {
            failure = Alert(InternalErrorAlert, $"The server could not choose its TLS options: {exception.Message}");
        }

        using MemoryNetwork.Scope scope = Network.Enter();
        if (!_server!.IsHandshaking)
        {
            return;
        }

        _serverTls = tls;
        failure ??= Negotiate();
        if (failure is not null)
        {
            FailFromServer(failure);
            return;
        }

        _link.Send(fromServer: true, FlightSize, () =>
        {
            if (_client.IsHandshaking)
            {
                Network.Defer(JudgeServer);
            }
        });
    }

    private ConnectionClose? Negotiate()
    {
        // The server's preference counts (RFC 7301, section 3.2).
        ListenOptions server = _listener!.Options;
        string? protocol = server.ApplicationProtocols.FirstOrDefault(p => _options.ApplicationProtocols.Contains(p));
        if (protocol is null)
        {
            return Alert(
                NoApplicationProtocolAlert,
                $"No common application protocol: the client offers {string.Join(", ", _options.ApplicationProtocols)}, the server has {string.Join(", ", server.ApplicationProtocols)}.");
        }

        QuicVersion version = server.Versions.FirstOrDefault(v => CanSpeak(_listener.Engine, v) && CanSpeak(_engine, v) && _options.Versions.Contains(v));
        if (version == QuicVersion.Unknown)
        {
            return new ConnectionClose(CloseInitiator.Local, TransportError.ConnectFailed, null, VersionNegotiation, "No common QUIC version.");
        }

        _protocol = protocol;
        _version = version;
        _resumed = FindSession();
        return null;
    }

    private MemorySession? FindSession()
    {
        if (_tickets is null || !_serverTls!.AllowResumption || !_listener!.Engine.Capabilities.HasFlag(EngineCapabilities.Resumption))
        {
            return null;
        }

        MemorySession? session = MemorySession.TryOpen(_tickets.Session, MemoryEngine.TicketKeyOf(_serverTls));
        bool fits = session is not null && session.ApplicationProtocol == _protocol && session.ServerName == (_serverName ?? "")
            && (_serverTls.ClientCertificateMode != ClientCertificateMode.Required || session.ClientChain.Count > 0);
        return fits ? session : null;
    }

    // Application code: outside the lock.
    private void JudgeServer()
    {
        PeerCertificateVerdict verdict = Judge(_options.Tls.ServerCertificatePolicy, new PeerCertificateContext
        {
            Chain = ServerChain,
            IsServerCertificate = true,
            ServerName = _options.EffectiveServerName,
            IsResumption = _resumed is not null,
            Now = Network.TimeProvider.GetUtcNow(),
        });

        using MemoryNetwork.Scope scope = Network.Enter();
        if (!_client.IsHandshaking)
        {
            return;
        }

        if (!verdict.IsAccepted)
        {
            FailFromClient(Rejection("server", verdict));
            return;
        }

        _link.Send(fromServer: false, FlightSize, ReceiveFinished);
    }

    private void ReceiveFinished()
    {
        if (!_server!.IsHandshaking)
        {
            return;
        }

        if (ClientChain.Count > 0)
        {
            Network.Defer(JudgeClient);
        }
        else if (_serverTls!.ClientCertificateMode == ClientCertificateMode.Required)
        {
            FailFromServer(Rejection("client", PeerCertificateVerdict.Refused(
                CertificateRefusal.Missing, "a certificate is required and none was sent (ClientTlsOptions.Identity).")));
        }
        else
        {
            Accept();
        }
    }

    // Application code: outside the lock.
    private void JudgeClient()
    {
        PeerCertificateVerdict verdict = Judge(_serverTls!.ClientCertificatePolicy!, new PeerCertificateContext
        {
            Chain = ClientChain,
            IsServerCertificate = false,
            ServerName = _serverName,
            IsResumption = _resumed is not null,
            Now = Network.TimeProvider.GetUtcNow(),
        });

        using MemoryNetwork.Scope scope = Network.Enter();
        if (!_server!.IsHandshaking)
        {
            return;
        }

        if (verdict.IsAccepted)
        {
            Accept();
        }
        else
        {
            FailFromServer(Rejection("client", verdict));
        }
    }

    private void Accept()
    {
        if (_listener!.IsBacklogFull)
        {
            FailFromServer(new ConnectionClose(
                CloseInitiator.Local, TransportError.ConnectFailed, null, ConnectionRefused, "Too many connections wait for AcceptAsync (ListenOptions.Backlog)."));
            return;
        }

        _serverTimeout?.Cancel();
        MemorySession session = new(_protocol, _serverName ?? "", ServerChain, ClientChain);
        _server!.Open(new MemoryTlsOutcome(_protocol, _serverName, _version, ClientChain, _serverTls!.Identity.Generation, _resumed is not null));
        _listener.Deliver(_server);
        _link.Send(fromServer: true, 32, () => Finish(session));
    }

    private void Finish(MemorySession session)
    {
        if (!_client.IsHandshaking)
        {
            return;
        }

        _clientTimeout?.Cancel();
        _client.Open(new MemoryTlsOutcome(_protocol, _serverName, _version, session.ServerChain, _options.Tls.Identity?.Generation ?? 0, _resumed is not null));
        _result.TrySetResult(_client);
        if (_tickets is not null && _serverTls!.AllowResumption && _listener!.Engine.Capabilities.HasFlag(EngineCapabilities.Resumption))
        {
            ReadOnlyMemory<byte> ticket = session.Seal(MemoryEngine.TicketKeyOf(_serverTls));
            Network.Defer(() => _tickets.Keep(_protocol, ticket));
        }
    }

    private IReadOnlyList<ReadOnlyMemory<byte>> ServerChain => _resumed?.ServerChain ?? ChainOf(_serverTls!.Identity);

    private IReadOnlyList<ReadOnlyMemory<byte>> ClientChain =>
        _serverTls!.ClientCertificateMode == ClientCertificateMode.None ? []
        : _resumed?.ClientChain ?? ChainOf(_options.Tls.Identity);

    private bool EndClient(ConnectionClose close)
    {
        if (!_client.IsHandshaking)
        {
            return false;
        }

        _client.End(close);
        return true;
    }

    private bool EndServer(ConnectionClose close)
    {
        if (_server?.IsHandshaking != true)
        {
            return false;
        }

        _server.End(close);
        return true;
    }

    // The refusing side's detail stays with it: the peer learns the alert only.
    private static ConnectionClose Mirror(ConnectionClose close) => close with
    {
        Initiator = CloseInitiator.Remote,
        Reason = close.Error == TransportError.CertificateRejected ? "The peer refused the certificate." : close.Reason,
    };

    private static ConnectionClose Alert(long code, string reason) => new(CloseInitiator.Local, TransportError.ConnectFailed, null, code, reason);

    private static ConnectionClose Rejection(string whose, PeerCertificateVerdict verdict) => new(
        CloseInitiator.Local, TransportError.CertificateRejected, null, AlertBase + verdict.Alert, $"The {whose}'s certificate was refused ({verdict.Refusal}): {verdict.Detail}");

    private static PeerCertificateVerdict Judge(PeerCertificatePolicy policy, in PeerCertificateContext context)
    {
        try
        {
            return policy.Evaluate(context);
        }
        catch (Exception exception)
        {
            return PeerCertificateVerdict.Refused(CertificateRefusal.Malformed, $"The policy failed: {exception.Message}");
        }
    }

    private static bool CanSpeak(MemoryEngine engine, QuicVersion version) =>
        version == QuicVersion.Version1 || engine.Capabilities.HasFlag(EngineCapabilities.Version2);

    private static IReadOnlyList<ReadOnlyMemory<byte>> ChainOf(TlsIdentity? identity) =>
        identity is null ? [] : [identity.Certificate.RawDataMemory, .. identity.Intermediates.Select(c => c.RawDataMemory)];
}
