namespace Net;

/// <summary>Ends connections whose peer is no longer trusted: its certificate was revoked, the trust it rested on was withdrawn, or its time is over. Thread-safe.</summary>
/// <remarks>A handshake judges a peer once. Whoever owns connections (a server, a pool) hands each to a guard so that it is judged again when the trust changes.</remarks>
public abstract class ConnectionGuard
{
    /// <summary>Judges a peer now and again whenever the trust changes, until the result is disposed.</summary>
    /// <param name="peer">The peer and how to end its connection.</param>
    /// <returns>Dispose it when the connection is over; until then the guard keeps the peer.</returns>
    public abstract IDisposable Watch(GuardedPeer peer);

    /// <summary>Watches a connection: a peer that loses its trust has it closed.</summary>
    /// <param name="connection">The connection; stays the caller's. A peer that showed no certificate is not watched.</param>
    /// <param name="errorCode">The application error code to close with, 0 to 2^62-1.</param>
    /// <returns>Dispose it when the connection is over.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The code is out of range.</exception>
    public IDisposable Watch(TransportConnection connection, long errorCode)
    {
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        return Watch(connection, verdict => _ = CloseAsync(connection, errorCode, verdict));
    }

    /// <summary>Watches a connection whose owner ends it in its own way.</summary>
    /// <param name="connection">The connection, over QUIC or TCP; stays the caller's. A peer that showed no certificate is not watched.</param>
    /// <param name="close">As <see cref="GuardedPeer.Close"/>.</param>
    /// <returns>Dispose it when the connection is over.</returns>
    public IDisposable Watch(TransportConnection connection, Action<PeerCertificateVerdict> close)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(close);
        return connection.PeerCertificateChain.Count == 0 ? NoWatch.Instance : Watch(new GuardedPeer
        {
            Chain = connection.PeerCertificateChain,
            IsServerCertificate = !connection.IsServer,
            ServerName = connection.CertificateName,
            Close = close,
        });
    }

    private static async Task CloseAsync(TransportConnection connection, long errorCode, PeerCertificateVerdict verdict)
    {
        try
        {
            // The peer learns the kind of refusal, not the words, as in a handshake.
            await connection.CloseAsync(errorCode, $"The certificate is no longer accepted: {verdict.Refusal}.").ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TransportException or ObjectDisposedException)
        {
            // It is gone already, which is what was wanted.
        }
    }

    private sealed class NoWatch : IDisposable
    {
        internal static readonly NoWatch Instance = new();

        public void Dispose()
        {
        }
    }
}
