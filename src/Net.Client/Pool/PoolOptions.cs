namespace Net.Client;

/// <summary>How many connections a channel keeps, how long, and how calls wait for them.</summary>
public sealed record PoolOptions
{
    /// <summary>The defaults.</summary>
    public static PoolOptions Default { get; } = new();

    /// <summary>Connections to each end point, per protocol in use, that are kept open and ready. Default 2; range 0 to 1,000.</summary>
    /// <remarks>Two let one be renewed or lost without a call waiting for a handshake. 0 connects at the first call and closes everything that is idle: for clients that call rarely.</remarks>
    public int MinConnections { get; init; } = 2;

    /// <summary>Most connections to each end point, per protocol in use, those not counted that only finish their calls. Default 10; range 1 to 1,000, at least <see cref="MinConnections"/>.</summary>
    /// <remarks>One QUIC connection carries many streams at once: more help when the server's stream limit is low or one connection fills a core.</remarks>
    public int MaxConnections { get; init; } = 10;

    /// <summary>Calls and streams at once on one connection, whatever the peer allows. Default 1,000; range 1 to 2^20.</summary>
    /// <remarks>Lower it to spread long streams over more connections.</remarks>
    public int MaxStreamsPerConnection { get; init; } = 1000;

    /// <summary>Share of the stream credit in use from which another connection is opened, before credit runs out. Default 0.75; range 0.1 to 1.</summary>
    /// <remarks>Lower values open earlier and cost connections; 1 opens only when calls wait.</remarks>
    public double GrowAt { get; init; } = 0.75;

    /// <summary>A connection over <see cref="MinConnections"/> without a call for this long is closed. Default 300 s; range 1 s to 24 h, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    /// <remarks>Shorter follows load more closely, longer saves handshakes when load comes in bursts.</remarks>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>A connection this old is renewed: a successor is opened first, then the old one finishes its calls. Default 1,800 s; range 1 s to 24 h, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    /// <remarks>It lets DNS changes, rebalanced servers and long-lived state settle.</remarks>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromSeconds(1800);

    /// <summary>Share by which idle and lifetime limits are shortened at random for each connection, so that they do not end together. Default 0.1; range 0 to 0.5.</summary>
    /// <remarks>Leave it: without it, connections that were opened together end together, and so do those of all clients of a server that restarted.</remarks>
    public double LimitJitter { get; init; } = 0.1;

    /// <summary>How long a connection that takes no new calls may finish the old ones before it is closed. Default 30 min; range 0 to 24 h, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    /// <remarks>Longer than the longest stream that must survive.</remarks>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long opening a connection may take, name resolution and handshake included. Default 10 s; range 10 ms to 10 min.</summary>
    /// <remarks>A handshake takes one or two round trips: 2 s is plenty in a data centre. Calls are not held up by one end point's attempt while others are connected.</remarks>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long an attempt to connect to an end point without any connection may be without result before a second one is begun beside it (the Connection Attempt Delay of RFC 8305, section 5). The first that
    /// opens is kept. Default 2 s; range 10 ms to 10 min, or <see cref="Timeout.InfiniteTimeSpan"/>: never. QUIC and TCP both send their first packet again after pauses that double, 1 s, 2 s, 4 s: alone, an
    /// attempt would find an end point that was away for some seconds as many seconds late. There are never more than two.
    /// </summary>
    /// <remarks>Lower it on fast networks, and raise it where handshakes take long.</remarks>
    public TimeSpan ConnectAttemptDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Pause after the first failed attempt to connect to an end point; it doubles with each further one. Default 100 ms; range 1 ms to 1 h. A random half of each pause is left out. While an end point
    /// fails, one attempt at a time is made, whatever waits for it, and one more after <see cref="ConnectAttemptDelay"/>.
    /// </summary>
    /// <remarks>Short, as a restarted server is back at once; the growth is what spares a dead one.</remarks>
    public TimeSpan ConnectBackoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause between failed attempts. Default 3 s; range <see cref="ConnectBackoff"/> to 1 h.</summary>
    /// <remarks>It bounds how long after its return an end point stays unused; raise it when thousands of clients share few servers.</remarks>
    public TimeSpan MaxConnectBackoff { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Attempts to connect at a time, to each end point and per protocol, that bring a pool to <see cref="MinConnections"/> once a first connection is ready. Default 8; range 1 to 100. As long as none is
    /// ready, and while the last attempt failed, there is one attempt at a time, and one more after <see cref="ConnectAttemptDelay"/>.
    /// </summary>
    /// <remarks>Lower it where servers find handshakes hard.</remarks>
    public int MaxConcurrentConnects { get; init; } = 8;

    /// <summary>Sends a PING when a connection was quiet for this long, so that NATs keep the path and a dead one is noticed. Default 60 s; range 1 s to 1 h, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    /// <remarks>Must be below <see cref="TransportIdleTimeout"/>, or the transport ends the connection first.</remarks>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// A connection without any packet of the peer's for this long is lost. Default 150 s, two keep-alives and some; range 1 s to 1 h, or <see cref="Timeout.InfiniteTimeSpan"/>. The peer may ask for
    /// less.
    /// </summary>
    /// <remarks>Shorter notices dead peers on quiet connections sooner; it must leave room for two keep-alives, or one lost packet ends a connection.</remarks>
    public TimeSpan TransportIdleTimeout { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>
    /// Probe timeouts of QUIC in a row (RFC 9002, section 6.2) after which a connection is taken for dead: it gets no more calls, another is opened at once, and calls that are under way on it may still
    /// end, for <see cref="SilenceTimeout"/>. Default 3, which a path with a fifth of all packets lost hardly ever sees; range 0 to 100, 0 for never. Looked at when a call fails by the transport or by
    /// time, when the health of the end point changes, and each <see cref="PathHealthOptions.SampleInterval"/>, which takes one more of them.
    /// </summary>
    /// <remarks>Lower finds dead servers sooner and takes more for dead that are only slow; 0 only where paths vanish for long and always come back.</remarks>
    public int MaxProbeTimeouts { get; init; } = 3;

    /// <summary>
    /// How long the calls of a connection whose peer answers nothing (<see cref="MaxProbeTimeouts"/>) may wait for it. Then the connection is cut: calls that may be sent again go elsewhere, the others
    /// fail without <see cref="TransportException.IsSafeToRetry"/>, as they may have been processed. Default 20 s; range 1 s to 1 h, or <see cref="Timeout.InfiniteTimeSpan"/>: until <see
    /// cref="TransportIdleTimeout"/>. It is cut much sooner where the end point has answered on a connection that was opened since: then its peer is gone, and not the path to it.
    /// </summary>
    /// <remarks>Longer spares calls that must not be made twice when a path is interrupted for so long; shorter tells them sooner.</remarks>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Calls that may wait for a connection at once, per protocol. Default 1,000; range 0 to 10^6.</summary>
    /// <remarks>More are refused with <see cref="TransportError.PoolExhausted"/>: a longer queue serves only calls whose callers have left.</remarks>
    public int MaxWaiters { get; init; } = 1000;

    /// <summary>How long a call without a deadline may wait for a connection. Default 30 s; range 0 to 1 h. A call with a deadline waits until then.</summary>
    /// <remarks>Give calls deadlines, and this does not matter; for those that have none it should be shorter than their callers' patience.</remarks>
    public TimeSpan WaitTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        TimeSpan second = TimeSpan.FromSeconds(1);
        TimeSpan hour = TimeSpan.FromHours(1);
        TimeSpan day = TimeSpan.FromHours(24);
        var faults = new OptionFaults(nameof(PoolOptions));
        faults.Range(nameof(MinConnections), MinConnections, 0, 1000);
        faults.Range(nameof(MaxConnections), MaxConnections, Math.Max(1, Math.Min(MinConnections, 1000)), 1000);
        faults.Range(nameof(MaxStreamsPerConnection), MaxStreamsPerConnection, 1, 1 << 20);
        Share(faults, nameof(GrowAt), GrowAt, 0.1, 1);
        faults.Range(nameof(IdleTimeout), IdleTimeout, second, day, allowInfinite: true);
        faults.Range(nameof(Lifetime), Lifetime, second, day, allowInfinite: true);
        Share(faults, nameof(LimitJitter), LimitJitter, 0, 0.5);
        faults.Range(nameof(DrainTimeout), DrainTimeout, TimeSpan.Zero, day, allowInfinite: true);
        faults.Range(nameof(ConnectTimeout), ConnectTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10));
        faults.Range(nameof(ConnectAttemptDelay), ConnectAttemptDelay, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10), allowInfinite: true);
        faults.Range(nameof(ConnectBackoff), ConnectBackoff, TimeSpan.FromMilliseconds(1), hour);
        faults.Range(nameof(MaxConnectBackoff), MaxConnectBackoff, Min(ConnectBackoff, hour), hour);
        faults.Range(nameof(MaxConcurrentConnects), MaxConcurrentConnects, 1, 100);
        faults.Range(nameof(KeepAliveInterval), KeepAliveInterval, second, hour, allowInfinite: true);
        faults.Range(nameof(TransportIdleTimeout), TransportIdleTimeout, second, hour, allowInfinite: true);
        faults.Range(nameof(MaxProbeTimeouts), MaxProbeTimeouts, 0, 100);
        faults.Range(nameof(SilenceTimeout), SilenceTimeout, second, hour, allowInfinite: true);
        faults.Range(nameof(MaxWaiters), MaxWaiters, 0, 1_000_000);
        faults.Range(nameof(WaitTimeout), WaitTimeout, TimeSpan.Zero, hour);
        if (KeepAliveInterval != Timeout.InfiniteTimeSpan && TransportIdleTimeout != Timeout.InfiniteTimeSpan && KeepAliveInterval >= TransportIdleTimeout)
        {
            faults.Add(nameof(KeepAliveInterval), $"is {KeepAliveInterval}; it must be below {nameof(TransportIdleTimeout)}, {TransportIdleTimeout}, or Timeout.InfiniteTimeSpan.");
        }

        faults.ThrowIfAny();
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    // NaN fails both comparisons, so the range is asked for, not its breach.
    private static void Share(OptionFaults faults, string property, double value, double min, double max)
    {
        if (!(value >= min && value <= max))
        {
            faults.Add(property, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"is {value}; it must be {min} to {max}."));
        }
    }
}
