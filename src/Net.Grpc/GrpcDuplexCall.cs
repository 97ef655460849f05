namespace Net.Grpc;

/// <summary>A call with a stream of requests and a stream of responses, each at its own pace. Dispose it: that cancels it when it has not come to its end.</summary>
/// <typeparam name="TRequest">The requests.</typeparam>
/// <typeparam name="TResponse">The responses.</typeparam>
public abstract class GrpcDuplexCall<TRequest, TResponse> : GrpcServerStreamingCall<TResponse>
    where TRequest : class
    where TResponse : class
{
    /// <summary>Sends the requests.</summary>
    public abstract GrpcMessageWriter<TRequest> Requests { get; }

    /// <summary>Says that the last request has been sent. May be called again, and when the call is over.</summary>
    /// <param name="cancellationToken">Stops waiting and cancels the call.</param>
    /// <returns>Completes when the transport has taken it.</returns>
    public abstract ValueTask CompleteRequestsAsync(CancellationToken cancellationToken = default);
}
