namespace Net;

/// <summary>What a <see cref="TcpConnection"/> takes from the options of either side.</summary>
internal sealed record TcpConnectionOptions
{
    internal required string ApplicationProtocol { get; init; }

    internal required TransportLimits Limits { get; init; }

    internal TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(30);

    internal TimeSpan KeepAliveInterval { get; init; } = Timeout.InfiniteTimeSpan;

    internal long DefaultStreamErrorCode { get; init; }

    internal long DefaultCloseErrorCode { get; init; }

    internal required TimeProvider TimeProvider { get; init; }

    internal static TcpConnectionOptions From(TransportOptions options, string applicationProtocol, TimeProvider timeProvider) => new()
    {
        ApplicationProtocol = applicationProtocol,
        Limits = options.Limits,
        IdleTimeout = options.IdleTimeout,
        KeepAliveInterval = options.KeepAliveInterval,
        DefaultStreamErrorCode = options.DefaultStreamErrorCode,
        DefaultCloseErrorCode = options.DefaultCloseErrorCode,
        TimeProvider = timeProvider,
    };
}
