namespace Net.Server;

/// <summary>Serves the connections of one application protocol, so that several protocols share one port.</summary>
public interface IConnectionHandler
{
    /// <summary>The application error code with which a connection is closed that the server has no room for.</summary>
    long OverloadedErrorCode { get; }

    /// <summary>
    /// The application error code with which a connection is closed whose peer asks for more work than <see cref="TransportLimits"/> allow. It must not say that what ran was not processed.
    /// <c>null</c> (the default): the transport's PROTOCOL_VIOLATION.
    /// </summary>
    long? ExcessiveLoadErrorCode => null;

    /// <summary>The application error code with which a connection is closed whose peer is no longer trusted. Default 0.</summary>
    long DistrustErrorCode => 0;

    /// <summary>Serves one connection until it is over.</summary>
    /// <param name="connection">The connection. The server owns it and disposes it when the task ends.</param>
    /// <param name="draining">Cancelled when the server is about to end: take no new work, finish what runs, then close the connection.</param>
    /// <param name="aborting">Cancelled when the server waits no longer: close the connection at once.</param>
    /// <returns>A task that ends when the connection is closed and nothing of it runs any more.</returns>
    Task ServeAsync(TransportConnection connection, CancellationToken draining, CancellationToken aborting);
}
