namespace Net.Grpc;

/// <summary>A call with a stream of responses. Dispose it: that cancels it when it has not come to its end.</summary>
/// <typeparam name="TResponse">The responses.</typeparam>
public abstract class GrpcServerStreamingCall<TResponse> : IAsyncDisposable
    where TResponse : class
{
    /// <summary>The responses. After the last one, or out of a read, the call's status comes as <see cref="GrpcException"/> when it is not OK.</summary>
    public abstract GrpcMessageReader<TResponse> Responses { get; }

    /// <summary>How the call ended; <c>null</c> while it has not, or its end has not been read.</summary>
    public abstract GrpcStatus? Status { get; }

    /// <summary>The metadata that came with the status; empty before.</summary>
    public abstract GrpcMetadata Trailers { get; }

    /// <summary>Waits for the metadata that the server sends before its first message.</summary>
    /// <param name="cancellationToken">Stops waiting and cancels the call.</param>
    /// <returns>The metadata.</returns>
    /// <exception cref="GrpcException">The call could not be made.</exception>
    public abstract ValueTask<GrpcMetadata> GetHeadersAsync(CancellationToken cancellationToken = default);

    /// <summary>Ends the call: the stream is reset when the server has not ended it. May be called again.</summary>
    /// <returns>Completes when all is given back.</returns>
    public async ValueTask DisposeAsync()
    {
        await DisposeCoreAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back what the call holds.</summary>
    /// <returns>Completes when all is given back.</returns>
    protected abstract ValueTask DisposeCoreAsync();
}
