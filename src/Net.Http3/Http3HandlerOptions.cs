using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Http3;

/// <summary>What an <see cref="Http3Handler"/> connects with, and its limits.</summary>
public sealed record Http3HandlerOptions
{
    /// <summary>The engine to connect with. The caller owns it and disposes it after the handler.</summary>
    public required TransportEngine Engine { get; init; }

    /// <summary>Identity, trust and tickets; also for the default <see cref="Fallback"/>.</summary>
    public required ClientTlsOptions Tls { get; init; }

    /// <summary>Limits of each connection's HTTP/3. Its clock and log are those of this record.</summary>
    public Http3ConnectionOptions Connection { get; init; } = Http3ConnectionOptions.Default;

    /// <summary>Limits of each connection's transport. The server may open no bidirectional streams whatever they say, as HTTP/3 has none.</summary>
    public TransportLimits Limits { get; init; } = TransportLimits.Default;

    /// <summary>How long a connection attempt may take, name resolution included. Default 10 s; range 1 ms to 10 min.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection without any packet for this long is dropped. Default 30 s; range 1 ms to 1 h, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public TimeSpan TransportIdleTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Sends a PING when a connection was quiet for this long. Default <see cref="Timeout.InfiniteTimeSpan"/>: never; range 1 ms to 1 h.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>A connection without a request for this long is closed. Default 1 min; range 1 ms to 24 h, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public TimeSpan PooledConnectionIdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A connection this old takes no more requests. Default <see cref="Timeout.InfiniteTimeSpan"/>; range 1 ms to 24 h.</summary>
    public TimeSpan PooledConnectionLifetime { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Connections to one host and port at once. One is used until the server allows no further stream on it. Default 4; range 1 to 1,000.</summary>
    public int MaxConnectionsPerServer { get; init; } = 4;

    /// <summary>How often a request is sent again that the server provably did not process. Default 3; range 0 to 100. Content that cannot be sent twice is not.</summary>
    public int MaxRetries { get; init; } = 3;

    /// <summary>Sends requests without side effects as 0-RTT data when a ticket allows it (RFC 8470). Default <c>false</c>. A server that answers 425 gets the request once more after the handshake.</summary>
    public bool AllowEarlyData { get; init; }

    /// <summary>
    /// Where requests go whose version policy allows or asks for HTTP/2 or HTTP/1.1. <c>null</c> (the default): a <see cref="SocketsHttpHandler"/> with the trust and the client certificate of
    /// <see cref="Tls"/>, without cookies and redirects, as this handler has none. One that is given here is not disposed.
    /// </summary>
    public HttpMessageHandler? Fallback { get; init; }

    /// <summary>After a failed connection attempt, requests that may use another version do so for this long without trying HTTP/3. Default 1 min; range 0 to 24 h.</summary>
    public TimeSpan Http3RetryInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Writes the trace context into request headers; <c>null</c>: none. Default <see cref="DistributedContextPropagator.Current"/> as it is when the options are made.</summary>
    public DistributedContextPropagator? ActivityHeadersPropagator { get; init; } = DistributedContextPropagator.Current;

    /// <summary>Where time comes from. Default <see cref="TimeProvider.System"/>.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Takes the log. Default: none.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        TimeSpan least = TimeSpan.FromMilliseconds(1);
        var faults = new OptionFaults(nameof(Http3HandlerOptions));
        faults.Range(nameof(ConnectTimeout), ConnectTimeout, least, TimeSpan.FromMinutes(10));
        faults.Range(nameof(TransportIdleTimeout), TransportIdleTimeout, least, TimeSpan.FromHours(1), allowInfinite: true);
        faults.Range(nameof(KeepAliveInterval), KeepAliveInterval, least, TimeSpan.FromHours(1), allowInfinite: true);
        faults.Range(nameof(PooledConnectionIdleTimeout), PooledConnectionIdleTimeout, least, TimeSpan.FromHours(24), allowInfinite: true);
        faults.Range(nameof(PooledConnectionLifetime), PooledConnectionLifetime, least, TimeSpan.FromHours(24), allowInfinite: true);
        faults.Range(nameof(MaxConnectionsPerServer), MaxConnectionsPerServer, 1, 1000);
        faults.Range(nameof(MaxRetries), MaxRetries, 0, 100);
        faults.Range(nameof(Http3RetryInterval), Http3RetryInterval, TimeSpan.Zero, TimeSpan.FromHours(24));
        AddIfNull(faults, nameof(Engine), Engine);
        AddIfNull(faults, nameof(Tls), Tls);
        AddIfNull(faults, nameof(Connection), Connection);
        AddIfNull(faults, nameof(Limits), Limits);
        AddIfNull(faults, nameof(TimeProvider), TimeProvider);
        AddIfNull(faults, nameof(LoggerFactory), LoggerFactory);
        faults.ThrowIfAny();
        Connection.Validate();
        Limits.Validate();
    }

    private static void AddIfNull(OptionFaults faults, string property, object? value)
    {
        if (value is null)
        {
            faults.Add(property, "is null.");
        }
    }
}
