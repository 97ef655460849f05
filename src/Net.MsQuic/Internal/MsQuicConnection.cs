using System.Net;
using System.Net.Quic;
using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;

namespace Net.MsQuic.Internal;

/// <summary>What a connection starts with.</summary>
/// <param name="Quic">The connection whose handshake is over.</param>
/// <param name="Options">Its options.</param>
/// <param name="Check">The check of the peer's certificate, done.</param>
/// <param name="Credit">The stream credit, which the library already reports to.</param>
/// <param name="ServerName">The SNI of the handshake.</param>
/// <param name="IdentityGeneration">Generation of the identity this side showed.</param>
/// <param name="IsServer">Which side this is.</param>
internal readonly record struct ConnectionStart(
    QuicConnection Quic, TransportOptions Options, CertificateCheck Check, StreamCredit Credit, string? ServerName, long IdentityGeneration, bool IsServer);

/// <summary>A connection over a QuicConnection.</summary>
/// <remarks>One loop takes the peer's streams as they come; when that wait fails, the connection is over, and how it fails is the only way to learn how it ended.</remarks>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
internal sealed partial class MsQuicConnection : TransportConnection
{
    private readonly Lock _lock = new();
    private readonly QuicConnection _quic;
    private readonly TransportOptions _options;
    private readonly StreamOpener _bidirectional;
    private readonly StreamOpener _unidirectional;
    private readonly StreamPipes _pipes;
    private readonly SerialEvents _events;
    private readonly Action<MsQuicConnection> _ended;
    private readonly Channel<MsQuicStream> _accepted = Channel.CreateUnbounded<MsQuicStream>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly TaskCompletionSource<ConnectionClose> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly BackgroundWork _streams = new();
    private readonly X509Certificate2? _peerCertificate;
    private Task _loop = Task.CompletedTask;
    private Task? _closing;
    private ConnectionClose? _localClose;
    private ErrorMeaning? _end;
    private bool _isDraining;
    private bool _isDisposed;

    internal MsQuicConnection(in ConnectionStart start, Action<MsQuicConnection> ended)
    {
        _quic = start.Quic;
        _options = start.Options;
        _ended = ended;
        Id = CreateId();
        IsServer = start.IsServer;
        ServerName = start.ServerName;
        IdentityGeneration = start.IdentityGeneration;
        ApplicationProtocol = _quic.NegotiatedApplicationProtocol.ToString();
        CipherSuite = _quic.NegotiatedCipherSuite.ToString();
        PeerCertificateChain = start.Check.Chain;
        _peerCertificate = PeerCertificateChain.Count == 0 ? null : X509CertificateLoader.LoadCertificate(PeerCertificateChain[0].Span);
        _bidirectional = new StreamOpener(_quic, StreamDirection.Bidirectional, start.Credit, IsServer, PostCredit);
        _unidirectional = new StreamOpener(_quic, StreamDirection.Unidirectional, start.Credit, IsServer, PostCredit);
        _pipes = new StreamPipes(_options.Limits);
        _events = new SerialEvents(RaiseEvent);
        start.Credit.Subscribe(PostCredit);
    }

    /// <inheritdoc/>
    public override event EventHandler<PathChangedEventArgs>? PathChanged
    {
        add
        {
            // Never raised: System.Net.Quic tells no path changes (EngineCapabilities.Migration is absent).
        }

        remove
        {
        }
    }

    /// <inheritdoc/>
    public override event EventHandler<StreamCreditEventArgs>? StreamCreditChanged;

    /// <inheritdoc/>
    public override event EventHandler? Draining;

    /// <inheritdoc/>
    public override long Id { get; }

    /// <inheritdoc/>
    public override bool IsServer { get; }

    /// <inheritdoc/>
    public override EngineCapabilities Capabilities => MsQuicEngine.EngineCapabilities;

    /// <inheritdoc/>
    public override IPEndPoint LocalEndPoint => _quic.LocalEndPoint;

    /// <inheritdoc/>
    public override IPEndPoint RemoteEndPoint => _quic.RemoteEndPoint;

    /// <inheritdoc/>
    public override string ApplicationProtocol { get; }

    /// <inheritdoc/>
    public override string? ServerName { get; }

    public override string? CertificateName => IsServer ? ServerName : ((ConnectOptions)_options).EffectiveServerName;

    /// <inheritdoc/>
    /// <remarks>A client of the library always begins with version 1. A server takes whichever the client began with, and System.Net.Quic does not tell.</remarks>
    public override QuicVersion Version => IsServer ? QuicVersion.Unknown : QuicVersion.Version1;

    /// <inheritdoc/>
    public override string? CipherSuite { get; }

    /// <inheritdoc/>
    public override X509Certificate2? PeerCertificate => _peerCertificate;

    /// <inheritdoc/>
    public override IReadOnlyList<ReadOnlyMemory<byte>> PeerCertificateChain { get; }

    /// <inheritdoc/>
    public override long IdentityGeneration { get; }

    /// <inheritdoc/>
    public override bool IsResumed => false;

    /// <inheritdoc/>
    public override EarlyDataStatus EarlyData => EarlyDataStatus.None;

    /// <inheritdoc/>
    public override Task HandshakeCompletion => Task.CompletedTask;

    /// <inheritdoc/>
    public override Task<ConnectionClose> Closed => _closed.Task;

    /// <inheritdoc/>
    public override int AvailableBidirectionalStreams => IsOver ? 0 : _bidirectional.Available;

    /// <inheritdoc/>
    public override int AvailableUnidirectionalStreams => IsOver ? 0 : _unidirectional.Available;

    /// <inheritdoc/>
    public override int MaxDatagramSize => 0;

    /// <inheritdoc/>
    public override bool IsDraining => Volatile.Read(ref _isDraining);

    /// <summary>The code for streams that the application leaves unfinished.</summary>
    internal long DefaultStreamErrorCode => _options.DefaultStreamErrorCode;

    private bool IsOver
    {
        get
        {
            lock (_lock)
            {
                return _end is not null || _localClose is not null;
            }
        }
    }

    /// <summary>Begins to take the peer's streams. Called once, after construction.</summary>
    internal void Start() => _loop = AcceptLoopAsync();

    /// <summary>Tells that no new streams should be opened.</summary>
    internal void StartDraining()
    {
        if (!Interlocked.Exchange(ref _isDraining, true))
        {
            _events.Post(ConnectionEvents.Draining);
        }
    }

    /// <inheritdoc/>
    public override bool TrySendDatagram(ReadOnlySpan<byte> payload) => throw Lacks(EngineCapabilities.Datagrams);

    /// <inheritdoc/>
    public override ValueTask<ReadOnlyMemory<byte>> ReceiveDatagramAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromException<ReadOnlyMemory<byte>>(Lacks(EngineCapabilities.Datagrams));

    /// <inheritdoc/>
    public override PathStatistics GetPathStatistics() => default;

    /// <inheritdoc/>
    public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromException<TimeSpan>(Lacks(EngineCapabilities.Ping));

    /// <inheritdoc/>
    public override ValueTask MigrateAsync(IPEndPoint? localEndPoint = null, CancellationToken cancellationToken = default) =>
        ValueTask.FromException(Lacks(EngineCapabilities.Migration));

    /// <inheritdoc/>
    public override ValueTask UpdateKeysAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromException(Lacks(EngineCapabilities.KeyUpdate));

    private static NotSupportedException Lacks(EngineCapabilities capability) =>
        new($"The {MsQuicEngine.EngineName} engine lacks {nameof(EngineCapabilities)}.{capability}: System.Net.Quic has no API for it.");

    private void PostCredit(StreamDirection direction) =>
        _events.Post(direction == StreamDirection.Bidirectional ? ConnectionEvents.BidirectionalCredit : ConnectionEvents.UnidirectionalCredit);

    private void RaiseCredit(StreamDirection direction, int available) =>
        TransportEvents.Raise(MsQuicEngine.EngineName, StreamCreditChanged, this, new StreamCreditEventArgs(direction, available));

    private void RaiseEvent(ConnectionEvents raised)
    {
        switch (raised)
        {
            case ConnectionEvents.Draining:
                TransportEvents.Raise(MsQuicEngine.EngineName, Draining, this, EventArgs.Empty);
                break;
            case ConnectionEvents.BidirectionalCredit:
                RaiseCredit(StreamDirection.Bidirectional, AvailableBidirectionalStreams);
                break;
            case ConnectionEvents.UnidirectionalCredit:
                RaiseCredit(StreamDirection.Unidirectional, AvailableUnidirectionalStreams);
                break;
            default:
                break;
        }
    }
}
