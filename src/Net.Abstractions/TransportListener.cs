using System.Net;

namespace Net;

/// <summary>A bound port that takes connections.</summary>
public abstract class TransportListener : IAsyncDisposable
{
    /// <summary>The address and port that are really bound.</summary>
    public abstract IPEndPoint LocalEndPoint { get; }

    /// <summary>Waits for the next connection whose handshake is over (with early data: whose first streams may be read).</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The connection, which the caller owns and disposes; <c>null</c> when the listener has stopped.</returns>
    public abstract ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken = default);

    /// <summary>Takes no new connections; those that exist live on and the port stays bound. Waiting and later accepts return <c>null</c> once the queue is empty.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that completes when no further connection will be queued.</returns>
    public abstract ValueTask StopAcceptingAsync(CancellationToken cancellationToken = default);

    /// <summary>Stops accepting, closes the connections that are left, and frees the port before it returns. May be called twice.</summary>
    /// <returns>A task.</returns>
    public abstract ValueTask DisposeAsync();
}
