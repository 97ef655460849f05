using Net.Client;
using Net.Http3;

namespace Net.Channels;

// What is done when calls fail, and how end points are watched.
public sealed partial class NetChannelBuilder
{
    /// <summary>
    /// HTTP/2 over TLS on TCP as the channel that is being built speaks it, for a step of a fallback chain: <c>FallbackStep.ToProtocol(builder.Http2)</c>. Such a step shares the connections that the
    /// channel keeps where UDP is blocked. For methods of HTTP and gRPC alone: it carries no raw streams.
    /// </summary>
    /// <exception cref="ArgumentException">The limits of <see cref="UseLimits"/> are out of range.</exception>
    public Http2Protocol Http2 => _http2Protocol ??= new Http2Protocol(_http2);

    /// <summary>What is said of all calls so far.</summary>
    internal CallPolicy Policy => _policy;

    /// <summary>Says it anew.</summary>
    internal NetChannelBuilder UsePolicy(CallPolicy policy) => Change(() => _policy = policy);

    /// <summary>Cuts off an end point that keeps failing, and tries it again after a while. A caller's own mistakes never count. Without this call: with the defaults.</summary>
    /// <param name="options">When; <c>null</c>: the defaults.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder AddCircuitBreaker(CircuitBreakerOptions? options = null) => Change(() => _options = _options with { Breaker = options ?? CircuitBreakerOptions.Default });

    /// <summary>Cuts off no end point, however much it fails. For channels to a single server behind which a balancer of its own stands: to be cut off from it is to be cut off from all.</summary>
    /// <returns>This builder.</returns>
    public NetChannelBuilder WithoutCircuitBreaker() => Change(() => _options = _options with { Breaker = null });

    /// <summary>Gives no calls for a while to an end point that does worse than the others. Without this call: never.</summary>
    /// <param name="options">When; <c>null</c>: the defaults.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder AddOutlierEjection(OutlierOptions? options = null) => Change(() => _options = _options with { Outliers = options ?? OutlierOptions.Default });

    /// <summary>Sends calls again that failed, where their idempotency allows it. Without this call: with the defaults.</summary>
    /// <param name="options">How often and after what pauses; <c>null</c>: the defaults.</param>
    /// <param name="budget">The budget that all calls of the channel share; <c>null</c>: as before, which is the defaults.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder AddRetry(RetryOptions? options = null, RetryBudgetOptions? budget = null) => Change(() =>
    {
        _policy = _policy with { Retry = options ?? RetryOptions.Default };
        _isRetrySaid = true;
        _budget = budget ?? _budget;
    });

    /// <summary>Sends no failed call again, but for what the server provably never processed, once. For callers that retry by themselves: two layers of retries multiply.</summary>
    /// <returns>This builder.</returns>
    public NetChannelBuilder WithoutRetry() => Change(() => (_policy, _isRetrySaid) = (_policy with { Retry = null }, false));

    /// <summary>The budget that all calls of the channel share, hedged ones included: what is left of it decides whether another attempt is made. Default <see cref="RetryBudgetOptions.Default"/>.</summary>
    /// <param name="budget">The budget.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseRetryBudget(RetryBudgetOptions budget)
    {
        ArgumentNullException.ThrowIfNull(budget);
        return Change(() => _budget = budget);
    }

    /// <summary>Sends idempotent calls to a second end point while the first has not answered, and takes the first answer. In place of the retries that are made by default; beside <see cref="AddRetry"/> it is a fault.</summary>
    /// <param name="options">When; <c>null</c>: the defaults.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder AddHedging(HedgingOptions? options = null) =>
        Change(() => _policy = _policy with { Hedging = options ?? HedgingOptions.Default, Retry = _isRetrySaid ? _policy.Retry : null });

    /// <summary>Bounds each call and each of its attempts. Without this call: by what the caller says alone, a deadline or <see cref="HttpClient.Timeout"/>, as a bound for all would end streams that are to live for hours.</summary>
    /// <param name="options">How long; <c>null</c>: the defaults.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder AddTimeouts(TimeoutOptions? options = null) => Change(() => _policy = _policy with { Timeouts = options ?? TimeoutOptions.Default });

    /// <summary>
    /// Gives calls of a method a policy of their own, fallbacks included, in place of what is said for all: what is not in it is not done. Begin from <see cref="CallPolicy.Default"/> to keep the retries that
    /// are made by default.
    /// </summary>
    /// <param name="method">The full name: the path for HTTP, which for gRPC is <c>/package.Service/Method</c>; the route for raw streams. With <c>*</c> at its end: all names that begin so.</param>
    /// <param name="policy">The policy.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder ForMethod(string method, CallPolicy policy)
    {
        ArgumentException.ThrowIfNullOrEmpty(method);
        ArgumentNullException.ThrowIfNull(policy);
        return Change(() =>
        {
            if (method[^1] == '*')
            {
                _prefixes[method[..^1]] = policy;
            }
            else
            {
                _methods[method] = policy;
            }
        });
    }

    /// <summary>
    /// Adds an active health check, such as <see cref="EchoProbe"/> or <see cref="GrpcHealthProbe"/>, beside QUIC's PING. Best always: a PING tells that the path is open, not that the service works, and it
    /// cannot be sent on the engine <c>msquic</c> and over HTTP/2.
    /// </summary>
    /// <param name="probe">The check.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder AddHealthCheck(HealthProbe probe)
    {
        ArgumentNullException.ThrowIfNull(probe);
        return AddMadeHealthCheck(_ => probe);
    }

    /// <summary>The same, for one that takes the channel's clock.</summary>
    /// <param name="make">Makes it.</param>
    internal NetChannelBuilder AddMadeHealthCheck(Func<NetChannelOptions, HealthProbe> make) => Change(() => _probes.Add(make));

    /// <summary>How end points are watched: intervals, thresholds, what calls and QUIC's own figures say. Its probes are run beside those of <see cref="AddHealthCheck"/>.</summary>
    /// <param name="options">The options; <c>null</c>: not at all, but for attempts to connect.</param>
    /// <returns>This builder.</returns>
    public NetChannelBuilder UseHealth(HealthOptions? options) => Change(() => _health = options);
}
