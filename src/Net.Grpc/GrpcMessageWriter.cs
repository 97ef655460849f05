namespace Net.Grpc;

/// <summary>Sends the messages of a stream, one at a time. For one writer.</summary>
/// <typeparam name="T">The type of the messages.</typeparam>
public abstract class GrpcMessageWriter<T>
    where T : class
{
    /// <summary>Sends a message. The message may be changed and used again as soon as the call returns its task completed.</summary>
    /// <param name="message">The message.</param>
    /// <param name="options">How it is sent.</param>
    /// <param name="cancellationToken">Stops waiting for the peer to read on. The message may then have been sent in part or whole; on a client the whole call is cancelled.</param>
    /// <returns>Completes when the transport has taken it; a peer that does not read holds it back.</returns>
    /// <exception cref="GrpcException">The message is larger than the limit; or, on a client, the call has ended already, with this status.</exception>
    /// <exception cref="OperationCanceledException">The token, or that of the call, was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The call is over, or another message is being sent.</exception>
    public abstract ValueTask WriteAsync(T message, GrpcWriteOptions options, CancellationToken cancellationToken = default);

    /// <summary>Sends a message at once, with the encoding of its direction.</summary>
    /// <inheritdoc cref="WriteAsync(T, GrpcWriteOptions, CancellationToken)"/>
    public ValueTask WriteAsync(T message, CancellationToken cancellationToken = default) => WriteAsync(message, default, cancellationToken);
}
