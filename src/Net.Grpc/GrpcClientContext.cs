namespace Net.Grpc;

/// <summary>One call as a client's interceptors see it. To change it, pass on a copy made by <c>with</c>.</summary>
/// <param name="Method">The method that is called.</param>
/// <param name="Options">How it is called.</param>
/// <param name="CancellationToken">The caller's token.</param>
public sealed record GrpcClientContext(GrpcMethod Method, GrpcCallOptions Options, CancellationToken CancellationToken)
{
    /// <summary>What happens when the call is made twice: what its options say, else what its method says.</summary>
    public Idempotency Idempotency => Options.Idempotency ?? Method.Idempotency;

    /// <summary>Makes a copy with one more piece of metadata.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">The text.</param>
    /// <returns>The copy.</returns>
    /// <exception cref="ArgumentException">The name or value cannot be sent.</exception>
    public GrpcClientContext WithHeader(string name, string value)
    {
        var headers = new GrpcMetadata(Options.Headers) { { name, value } };
        return this with { Options = Options with { Headers = headers } };
    }
}
