namespace Net.Grpc;

/// <summary>A call with a stream of requests and one response. Dispose it: that cancels it when it has not come to its end.</summary>
/// <typeparam name="TRequest">The requests.</typeparam>
/// <typeparam name="TResponse">The response.</typeparam>
public sealed class GrpcClientStreamingCall<TRequest, TResponse> : IAsyncDisposable
    where TRequest : class
    where TResponse : class
{
    private readonly GrpcDuplexCall<TRequest, TResponse> _call;
    private readonly GrpcMethod _method;

    internal GrpcClientStreamingCall(GrpcMethod method, GrpcDuplexCall<TRequest, TResponse> call)
    {
        _method = method;
        _call = call;
    }

    /// <summary>Sends the requests.</summary>
    public GrpcMessageWriter<TRequest> Requests => _call.Requests;

    /// <summary>How the call ended; <c>null</c> while it has not.</summary>
    public GrpcStatus? Status => _call.Status;

    /// <summary>Waits for the metadata that the server sends before its response.</summary>
    /// <param name="cancellationToken">Stops waiting and cancels the call.</param>
    /// <returns>The metadata.</returns>
    /// <exception cref="GrpcException">The call could not be made.</exception>
    public ValueTask<GrpcMetadata> GetHeadersAsync(CancellationToken cancellationToken = default) => _call.GetHeadersAsync(cancellationToken);

    /// <summary>Says that the last request has been sent, and waits for the response. Call it once.</summary>
    /// <param name="cancellationToken">Stops waiting and cancels the call.</param>
    /// <returns>The response.</returns>
    /// <exception cref="GrpcException">The call ended with another status than OK, or with no response or several (UNIMPLEMENTED).</exception>
    public async ValueTask<GrpcUnaryResponse<TResponse>> CompleteAsync(CancellationToken cancellationToken = default)
    {
        await _call.CompleteRequestsAsync(cancellationToken).ConfigureAwait(false);
        TResponse response = await _call.Responses.ReadAsync(cancellationToken).ConfigureAwait(false) ?? throw ClientCardinality.NoResponse(_method);
        bool wasCompressed = _call.Responses.WasCompressed;
        if (await _call.Responses.ReadAsync(cancellationToken).ConfigureAwait(false) is not null)
        {
            throw ClientCardinality.ManyResponses(_method);
        }

        GrpcMetadata headers = await _call.GetHeadersAsync(cancellationToken).ConfigureAwait(false);
        return new GrpcUnaryResponse<TResponse>(response, headers, _call.Trailers, wasCompressed);
    }

    /// <summary>Ends the call: the stream is reset when the server has not ended it. May be called again.</summary>
    /// <returns>Completes when all is given back.</returns>
    public ValueTask DisposeAsync() => _call.DisposeAsync();
}
