namespace Net;

/// <summary>One connection that speaks one protocol: what a pool keeps and lends. Thread-safe.</summary>
/// <remarks>
/// A pool owns it and reads its counts at every pick: they must be cheap, lock-free where possible, and never block. Faces of the channel know the concrete type of their protocol and begin calls or
/// streams on it. It retries nothing.
/// </remarks>
public abstract class ChannelSession : IAsyncDisposable
{
    /// <summary>The protocol it speaks, as <see cref="ChannelProtocol.Name"/> says it.</summary>
    public abstract string Protocol { get; }

    /// <summary>The QUIC connection, for its addresses, certificates and statistics; <c>null</c> over TCP. The session owns it.</summary>
    public abstract TransportConnection? Connection { get; }

    /// <summary>Calls or streams that have begun and not ended, those included that wait for credit.</summary>
    public abstract int ActiveStreams { get; }

    /// <summary>
    /// How many more can begin now without waiting; 0 when draining. Where the transport is not told of the peer's first credit, the session says what it assumes, never 0 for that reason alone:
    /// a pool lends nothing on a session without room.
    /// </summary>
    public abstract int AvailableStreams { get; }

    /// <summary>Whether new calls are refused: the peer said so (GOAWAY), <see cref="Drain"/> was called, or the connection is ending.</summary>
    public abstract bool IsDraining { get; }

    /// <summary>Raised once when <see cref="IsDraining"/> becomes <c>true</c>. Handlers run on any thread, without a lock of the session's, and do not block.</summary>
    public abstract event EventHandler? Draining;

    /// <summary>Raised when <see cref="AvailableStreams"/> may have grown other than by the end of a call. Handlers run as those of <see cref="Draining"/>.</summary>
    public abstract event EventHandler? CapacityChanged;

    /// <summary>Completes with the reason when the connection is over. Never fails.</summary>
    public abstract Task<ConnectionClose> Closed { get; }

    /// <summary>
    /// Has a guard judge the server that is connected to, whenever the trust changes. By default that of <see cref="Connection"/>; a session over TCP, which has none, sees to its own.
    /// </summary>
    /// <param name="guard">The guard.</param>
    /// <param name="close">Ends the session when the server is no longer trusted. Does not block and does not throw; may be called more than once where a session has several connections.</param>
    /// <returns>Dispose it when the session is over; <c>null</c>: there is nothing to watch.</returns>
    public virtual IDisposable? WatchPeer(ConnectionGuard guard, Action<PeerCertificateVerdict> close)
    {
        ArgumentNullException.ThrowIfNull(guard);
        return Connection is { } connection ? guard.Watch(connection, close) : null;
    }

    /// <summary>Refuses new calls from now on, and closes the connection when the last one has ended. May be called twice.</summary>
    public abstract void Drain();

    /// <summary>Touches the peer and waits for its answer: a QUIC PING, or the protocol's own.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The time it took.</returns>
    /// <exception cref="TransportException">The connection ended first.</exception>
    /// <exception cref="NotSupportedException">Neither engine nor protocol can.</exception>
    public abstract ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default);

    /// <summary>What is known of the path now. Cheap, never blocks; empty over TCP.</summary>
    /// <returns>The figures.</returns>
    public abstract PathStatistics GetPathStatistics();

    /// <summary>Closes the connection at once, as <see cref="DisposeAsync"/> does, which follows; calls in flight fail and say why. May be called twice.</summary>
    /// <param name="reason">Why, for those who read the failure. By default it is lost.</param>
    /// <returns>A task that is over when the calls have been told.</returns>
    public virtual ValueTask AbortAsync(string reason) => ValueTask.CompletedTask;

    /// <summary>Closes the connection at once; calls in flight fail. May be called twice.</summary>
    /// <returns>A task that is over when all is given back. <see cref="Closed"/> is complete then.</returns>
    public abstract ValueTask DisposeAsync();
}
