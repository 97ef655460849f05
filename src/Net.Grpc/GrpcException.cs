namespace Net.Grpc;

/// <summary>A call ended with another status than OK. A handler throws it to end its call so; a client gets it when a call failed.</summary>
/// <remarks>
/// A caller that cancels gets <see cref="OperationCanceledException"/> with its own token instead; a call whose deadline passed gets this with
/// <see cref="GrpcStatusCode.DeadlineExceeded"/>.
/// </remarks>
public sealed class GrpcException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="status">The status; not OK.</param>
    /// <param name="innerException">The cause, when there is one. It is never sent to the peer.</param>
    /// <exception cref="ArgumentException">The status is OK.</exception>
    public GrpcException(GrpcStatus status, Exception? innerException = null)
        : base(status?.ToString(), innerException)
    {
        ArgumentNullException.ThrowIfNull(status);
        if (status.IsOk)
        {
            throw new ArgumentException("A call that ended with OK did not fail; an exception needs another status.", nameof(status));
        }

        Status = status;
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="code">The code; not OK.</param>
    /// <param name="message">For developers; the peer reads it.</param>
    public GrpcException(GrpcStatusCode code, string message = "")
        : this(new GrpcStatus(code, message))
    {
    }

    /// <summary>The status.</summary>
    public GrpcStatus Status { get; }

    /// <summary>The status's code.</summary>
    public GrpcStatusCode Code => Status.Code;

    /// <summary>
    /// On a client the trailers, or what a Trailers-Only answer held. In a handler, trailers to send beside those of the context. Empty by default.
    /// </summary>
    public GrpcMetadata Trailers { get; init; } = new();

    /// <summary>
    /// Whether the server provably never saw the call, so that any call, idempotent or not, may be made again: no connection came about, or the server refused the
    /// stream unprocessed (HTTP/2 REFUSED_STREAM, HTTP/3 H3_REQUEST_REJECTED, above the last stream of a GOAWAY).
    /// </summary>
    public bool IsSafeToRetry { get; init; }
}
