namespace Net.Grpc;

/// <summary>The messages of a stream as they come, one at a time. For one reader.</summary>
/// <typeparam name="T">The type of the messages.</typeparam>
public abstract class GrpcMessageReader<T> : IAsyncEnumerable<T>
    where T : class
{
    /// <summary>Reads the next message. Memory is bounded: the peer is held back until its messages are read.</summary>
    /// <param name="cancellationToken">
    /// Stops waiting. On a client the whole call is cancelled with it, as in all of gRPC; in a handler the call goes on.
    /// </param>
    /// <returns>The message, or <c>null</c> when the peer has sent its last one.</returns>
    /// <exception cref="GrpcException">
    /// On a client: the call ended with another status than OK. In a handler: the message is too large or makes no sense; letting it through ends the call with this status.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token, or that of the call, was cancelled.</exception>
    public abstract ValueTask<T?> ReadAsync(CancellationToken cancellationToken = default);

    /// <summary>Whether the message read last was compressed on the wire.</summary>
    public abstract bool WasCompressed { get; }

    /// <summary>Reads to the end.</summary>
    /// <param name="cancellationToken">As in <see cref="ReadAsync"/>.</param>
    /// <returns>The messages that were not read yet.</returns>
    public async IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        while (await ReadAsync(cancellationToken).ConfigureAwait(false) is { } message)
        {
            yield return message;
        }
    }
}
