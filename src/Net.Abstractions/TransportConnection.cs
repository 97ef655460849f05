using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Net;

/// <summary>A QUIC connection: streams, datagrams, and what is known of the peer and the path. Thread-safe.</summary>
public abstract class TransportConnection : IAsyncDisposable
{
    private static long s_lastId;

    /// <summary>A number that is unique in this process, for logs and traces.</summary>
    public abstract long Id { get; }

    /// <summary>Whether this is the server's side.</summary>
    public abstract bool IsServer { get; }

    /// <summary>What the engine of this connection can do.</summary>
    public abstract EngineCapabilities Capabilities { get; }

    /// <summary>The local address of the path in use.</summary>
    public abstract IPEndPoint LocalEndPoint { get; }

    /// <summary>The peer's address on the path in use.</summary>
    public abstract IPEndPoint RemoteEndPoint { get; }

    /// <summary>The application protocol that both agreed on (ALPN); empty while 0-RTT waits for the server and no protocol was remembered.</summary>
    public abstract string ApplicationProtocol { get; }

    /// <summary>The server name of the handshake (SNI), or <c>null</c> when the client sent none.</summary>
    public abstract string? ServerName { get; }

    /// <summary>
    /// On a client the name that the server's certificate is judged by, which may be an IP address though a handshake never carries one (RFC 6066, section 3); on a server <see cref="ServerName"/>.
    /// By default the server name, and on a client without one the peer's address.
    /// </summary>
    public virtual string? CertificateName => ServerName ?? (IsServer ? null : RemoteEndPoint.Address.ToString());

    /// <summary>The QUIC version in use; <see cref="QuicVersion.Unknown"/> when the engine is not told.</summary>
    public abstract QuicVersion Version { get; }

    /// <summary>What carries it, as OpenTelemetry's <c>network.transport</c> says it: <c>quic</c>, or <c>tcp</c> for the engine that stands in where UDP is blocked.</summary>
    public virtual string NetworkTransport => "quic";

    /// <summary>The TLS cipher suite in use, such as <c>TLS_AES_128_GCM_SHA256</c>; <c>null</c> before the handshake is over or when the engine does not know it.</summary>
    public abstract string? CipherSuite { get; }

    /// <summary>The peer's leaf certificate, or <c>null</c> when it showed none. The connection owns it: do not dispose it.</summary>
    public abstract X509Certificate2? PeerCertificate { get; }

    /// <summary>The chain as the peer sent it, DER, leaf first; empty when it showed none.</summary>
    public abstract IReadOnlyList<ReadOnlyMemory<byte>> PeerCertificateChain { get; }

    /// <summary>Generation of the local identity that this connection's handshake used (<see cref="TlsIdentity.Generation"/>); 0 without one.</summary>
    public abstract long IdentityGeneration { get; }

    /// <summary>Whether the TLS session was resumed.</summary>
    public abstract bool IsResumed { get; }

    /// <summary>What became of 0-RTT data.</summary>
    public abstract EarlyDataStatus EarlyData { get; }

    /// <summary>Completes when the handshake is over. Already so on a connection that was returned or accepted without early data; fails with the reason when it fails.</summary>
    public abstract Task HandshakeCompletion { get; }

    /// <summary>Completes with the reason when the connection is over. Never fails.</summary>
    public abstract Task<ConnectionClose> Closed { get; }

    /// <summary>
    /// How many bidirectional streams can be opened now without waiting for the peer, as far as this side knows: an engine that is not told of a server's first credit says 0 there until the peer
    /// has given more, while <see cref="OpenStreamAsync"/> opens what the peer allows.
    /// </summary>
    public abstract int AvailableBidirectionalStreams { get; }

    /// <summary>How many unidirectional streams can be opened now without waiting for the peer, as far as this side knows; see <see cref="AvailableBidirectionalStreams"/>.</summary>
    public abstract int AvailableUnidirectionalStreams { get; }

    /// <summary>The largest datagram that can be sent now, bytes; 0 when the engine or the peer takes none.</summary>
    public abstract int MaxDatagramSize { get; }

    /// <summary>Raised when the connection moved to another path or a move failed. Handlers run on the thread pool, one after the other; what one throws is counted and harms nobody (<see cref="TransportEvents"/>).</summary>
    public abstract event EventHandler<PathChangedEventArgs>? PathChanged;

    /// <summary>Raised when the peer allows more streams. Handlers run on the thread pool, one after the other; what one throws is counted and harms nobody (<see cref="TransportEvents"/>).</summary>
    public abstract event EventHandler<StreamCreditEventArgs>? StreamCreditChanged;

    /// <summary>Raised once when no new streams should be opened: the peer or this side began to close, or the listener stops. Handlers run on the thread pool; what one throws is counted and harms nobody (<see cref="TransportEvents"/>).</summary>
    public abstract event EventHandler? Draining;

    /// <summary>Whether <see cref="Draining"/> was raised.</summary>
    public abstract bool IsDraining { get; }

    /// <summary>Opens a stream, waiting for the peer's credit when there is none. The peer learns of it with the first bytes or the FIN.</summary>
    /// <param name="direction">Which sides send.</param>
    /// <param name="idempotency">Whether it may be sent as 0-RTT data: a non-idempotent stream waits until the handshake is over.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The stream; the caller owns and disposes it.</returns>
    /// <exception cref="TransportException">The connection is over; <see cref="TransportException.IsSafeToRetry"/> is <c>true</c>.</exception>
    public abstract ValueTask<TransportStream> OpenStreamAsync(
        StreamDirection direction, Idempotency idempotency = Idempotency.NonIdempotent, CancellationToken cancellationToken = default);

    /// <summary>Opens a stream if that needs no waiting.</summary>
    /// <param name="direction">Which sides send.</param>
    /// <param name="idempotency">Whether it may be sent as 0-RTT data.</param>
    /// <param name="stream">The stream; the caller owns and disposes it.</param>
    /// <returns><c>false</c> when there is no credit, the handshake is not over, or the connection is.</returns>
    public abstract bool TryOpenStream(StreamDirection direction, Idempotency idempotency, [NotNullWhen(true)] out TransportStream? stream);

    /// <summary>Waits for the next stream of the peer's. One caller at a time.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The stream; the caller owns and disposes it.</returns>
    /// <exception cref="TransportException">The connection is over and no accepted stream is left.</exception>
    public abstract ValueTask<TransportStream> AcceptStreamAsync(CancellationToken cancellationToken = default);

    /// <summary>Sends a datagram, which may be lost. It is copied before the method returns.</summary>
    /// <param name="payload">1 to <see cref="MaxDatagramSize"/> bytes.</param>
    /// <returns><c>false</c> when it was dropped because the send queue is full or the connection is over.</returns>
    /// <exception cref="TransportException"><see cref="TransportError.MessageTooLarge"/>: larger than <see cref="MaxDatagramSize"/>.</exception>
    /// <exception cref="NotSupportedException">The engine or the peer takes no datagrams.</exception>
    public abstract bool TrySendDatagram(ReadOnlySpan<byte> payload);

    /// <summary>Waits for a datagram. One caller at a time.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The payload; the caller owns it.</returns>
    /// <exception cref="TransportException">The connection is over.</exception>
    /// <exception cref="NotSupportedException">The engine takes no datagrams, or <see cref="TransportLimits.MaxDatagramSize"/> is 0.</exception>
    public abstract ValueTask<ReadOnlyMemory<byte>> ReceiveDatagramAsync(CancellationToken cancellationToken = default);

    /// <summary>What is known of the path now. Cheap, never blocks; the figures are at most a few milliseconds old.</summary>
    /// <returns>The figures.</returns>
    public abstract PathStatistics GetPathStatistics();

    /// <summary>Sends a PING and waits for a packet of the peer's that answers it.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The time it took.</returns>
    /// <exception cref="TransportException">The connection ended first.</exception>
    /// <exception cref="NotSupportedException">The engine lacks <see cref="EngineCapabilities.Ping"/>.</exception>
    public abstract ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default);

    /// <summary>Moves a client's connection to another local address and port, keeping all streams (RFC 9000, section 9.2).</summary>
    /// <param name="localEndPoint">The new local address, or <c>null</c> for a new port chosen by the system.</param>
    /// <param name="cancellationToken">Stops waiting; the move goes on.</param>
    /// <returns>A task that completes when the new path is validated.</returns>
    /// <exception cref="TransportException">The path could not be validated (the old one stays), or the connection ended.</exception>
    /// <exception cref="NotSupportedException">The engine lacks <see cref="EngineCapabilities.Migration"/>, this is the server's side, or the peer forbids it.</exception>
    public abstract ValueTask MigrateAsync(IPEndPoint? localEndPoint = null, CancellationToken cancellationToken = default);

    /// <summary>Asks for new packet protection keys (RFC 9001, section 6).</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that completes when the update was begun.</returns>
    /// <exception cref="NotSupportedException">The engine lacks <see cref="EngineCapabilities.KeyUpdate"/>.</exception>
    /// <exception cref="TransportException">The connection is over, or the last update is too recent.</exception>
    public abstract ValueTask UpdateKeysAsync(CancellationToken cancellationToken = default);

    /// <summary>Closes the connection at once: streams that are open are lost (RFC 9000, section 10.2).</summary>
    /// <param name="errorCode">Application error code, 0 to 2^62-1.</param>
    /// <param name="reason">Reason text for the peer, cut to 512 bytes of UTF-8; engines without <see cref="EngineCapabilities.CloseReason"/> drop it.</param>
    /// <param name="cancellationToken">Stops waiting; the close goes on.</param>
    /// <returns>A task that completes when the close was sent.</returns>
    public abstract ValueTask CloseAsync(long errorCode, string reason = "", CancellationToken cancellationToken = default);

    /// <summary>Makes the <see cref="Id"/> of a new connection: one count for all engines, as several may run in one process.</summary>
    /// <returns>A number that no other connection of this process has.</returns>
    protected static long CreateId() => Interlocked.Increment(ref s_lastId);

    /// <summary>Closes with <see cref="TransportOptions.DefaultCloseErrorCode"/> if still open, and frees what the connection holds. May be called twice.</summary>
    /// <returns>A task that is over when the connection's resources are free, but for the closing period that the engine observes.</returns>
    public abstract ValueTask DisposeAsync();
}
