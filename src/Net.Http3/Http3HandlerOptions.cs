using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Http3;

/// <summary>What an <see cref="Http3Handler"/> connects with, and its limits.</summary>
public sealed record Http3HandlerOptions
{
    /// <summary>The engine to connect with. The caller owns it and disposes it after the handler.</summary>
    /// <remarks>One engine for all handlers of a process shares its sockets and threads.</remarks>
    public required TransportEngine Engine { get; init; }

    /// <summary>Identity, trust and tickets; also for the default <see cref="Fallback"/>.</summary>
    /// <remarks>Give it a ticket store where connections are opened often. For certificates that rotate, use a channel.</remarks>
    public required ClientTlsOptions Tls { get; init; }

    /// <summary>Limits of each connection's HTTP/3. Its clock and log are those of this record.</summary>
    /// <remarks>Default <see cref="Http3ConnectionOptions.Default"/>, which suits most.</remarks>
    public Http3ConnectionOptions Connection { get; init; } = Http3ConnectionOptions.Default;

    /// <summary>Limits of each connection's transport. The server may open no bidirectional streams whatever they say, as HTTP/3 has none.</summary>
    /// <remarks>Default <see cref="TransportLimits.Default"/>. Raise the windows for large responses over long paths.</remarks>
    public TransportLimits Limits { get; init; } = TransportLimits.Default;

    /// <summary>How long a connection attempt may take, name resolution included. Default 10 s; range 1 ms to 10 min.</summary>
    /// <remarks>
    /// A handshake takes one or two round trips. Where a fallback is at hand, 1 to 3 s lets requests go on soon where UDP is blocked.
    /// The requests that wait for the attempt then fail with <see cref="HttpRequestException"/> of <see cref="HttpRequestError.ConnectionError"/>, whose inner <see cref="TransportException"/> names this
    /// option, or go to <see cref="Fallback"/> where their version policy allows it. <see cref="HttpClient.Timeout"/> ends a request, but no attempt that others may wait for, with
    /// <see cref="TaskCanceledException"/> and a <see cref="TimeoutException"/> inside, as users of <see cref="SocketsHttpHandler"/> know it.
    /// </remarks>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection without any packet for this long is dropped. Default 30 s; range 1 ms to 1 h, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    /// <remarks>Below the memory of NATs on the way (often 30 s), or with a <see cref="KeepAliveInterval"/> below that.</remarks>
    public TimeSpan TransportIdleTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Sends a PING when a connection was quiet for this long. Default <see cref="Timeout.InfiniteTimeSpan"/>: never; range 1 ms to 1 h.</summary>
    /// <remarks>Set it, to half of <see cref="TransportIdleTimeout"/>, where quiet connections are to stay usable; it costs a packet each time.</remarks>
    public TimeSpan KeepAliveInterval { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>A connection without a request for this long is closed. Default 1 min; range 1 ms to 24 h, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    /// <remarks>Longer saves handshakes where requests come in bursts.</remarks>
    public TimeSpan PooledConnectionIdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A connection this old takes no more requests. Default <see cref="Timeout.InfiniteTimeSpan"/>; range 1 ms to 24 h.</summary>
    /// <remarks>Set it to some minutes where names move to other addresses, as a connection never looks again.</remarks>
    public TimeSpan PooledConnectionLifetime { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Connections to one host and port at once. One is used until the server allows no further stream on it. Default 4; range 1 to 1,000.</summary>
    /// <remarks>One carries many requests at once; more help where the server's stream limit is low.</remarks>
    public int MaxConnectionsPerServer { get; init; } = 4;

    /// <summary>How often a request is sent again that the server provably did not process. Default 3; range 0 to 100. Content that cannot be sent twice is not.</summary>
    /// <remarks>Leave it: only what was provably not processed is counted. 0 where a layer above retries by itself.</remarks>
    public int MaxRetries { get; init; } = 3;

    /// <summary>Sends requests without side effects as 0-RTT data when a ticket allows it (RFC 8470). Default <c>false</c>. A server that answers 425 gets the request once more after the handshake.</summary>
    /// <remarks>Worth it for reads over long paths; it needs a ticket store in <see cref="Tls"/>.</remarks>
    public bool AllowEarlyData { get; init; }

    /// <summary>
    /// Where requests go whose version policy allows or asks for HTTP/2 or HTTP/1.1. <c>null</c> (the default): a <see cref="SocketsHttpHandler"/> with the trust and the client certificate of <see
    /// cref="Tls"/>, without cookies and redirects, as this handler has none. One that is given here is not disposed.
    /// </summary>
    /// <remarks>Give one of your own for a proxy or other limits on TCP; its trust is then yours to set.</remarks>
    public HttpMessageHandler? Fallback { get; init; }

    /// <summary>After a failed connection attempt, requests that may use another version do so for this long without trying HTTP/3. Default 1 min; range 0 to 24 h.</summary>
    /// <remarks>Longer saves attempts in networks that block UDP; shorter returns to HTTP/3 sooner.</remarks>
    public TimeSpan Http3RetryInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Writes the trace context into request headers; <c>null</c>: none. Default <see cref="DistributedContextPropagator.Current"/> as it is when the options are made.</summary>
    /// <remarks><c>null</c> for requests to strangers, who need not know of traces.</remarks>
    public DistributedContextPropagator? ActivityHeadersPropagator { get; init; } = DistributedContextPropagator.Current;

    /// <summary>Where time comes from. Default <see cref="TimeProvider.System"/>.</summary>
    /// <remarks>For tests.</remarks>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Takes the log. Default: none.</summary>
    /// <remarks>Give one: it tells why requests fall back.</remarks>
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
