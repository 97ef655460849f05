using Net.Client.Internal;

namespace Net.Client;

/// <summary>One pool of connections to a set of end points, for calls and raw streams alike. Thread-safe.</summary>
/// <remarks>
/// All protocols share the end points: one verdict, one breaker, one load figure each. A lease counts from the pick to the end of the call. Connections are opened before they are needed, and
/// replaced before they end: by age, by the server's GOAWAY, and when identity or trust have changed. After such a change a call never gets an older connection once a new one to that end point is
/// ready, which an attempt that begins at once and takes <see cref="PoolOptions.ConnectTimeout"/> at most brings about; while the attempts fail, the old connections serve, unless their trust was
/// withdrawn (<see cref="ClientTlsSource.OldestTrustedGeneration"/>). A dead end point holds up nobody and comes back by itself.
/// </remarks>
public sealed class NetChannel : LeaseSource, IAsyncDisposable
{
    private readonly ChannelCore _core;

    /// <summary>Makes a channel and begins to connect to what <see cref="NetChannelOptions.WarmUp"/> names.</summary>
    /// <param name="options">What it is made of.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message lists every fault.</exception>
    public NetChannel(NetChannelOptions options)
        : this(options, PoolWork.OnThreadPool)
    {
    }

    internal NetChannel(NetChannelOptions options, PoolWork work)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        _core = new ChannelCore(this, options, work);
    }

    /// <summary>Raised when something happened, in order, on the thread pool. A listener that blocks holds up later events, not the pool; what it throws is logged.</summary>
    public event EventHandler<ChannelEventArgs>? Changed
    {
        add => _core.Events.Add(this, value);
        remove => _core.Events.Remove(value);
    }

    /// <summary>What it was made of.</summary>
    public NetChannelOptions Options { get; }

    /// <inheritdoc/>
    public override TimeProvider TimeProvider => Options.TimeProvider;

    /// <summary>Where it is in its life.</summary>
    public ChannelState State => _core.State;

    /// <inheritdoc/>
    public override bool TryRent(ChannelProtocol protocol, in LeaseRequest request, out ChannelLease lease) => _core.TryRent(protocol, request, out lease);

    /// <inheritdoc/>
    public override ValueTask<ChannelLease> RentAsync(ChannelProtocol protocol, LeaseRequest request, CancellationToken cancellationToken = default) =>
        _core.RentAsync(protocol, request, cancellationToken);

    /// <summary>Keeps connections for a protocol ready from now on, and waits until enough end points have their minimum of them, or one where that is 0.</summary>
    /// <param name="protocol">What they must speak.</param>
    /// <param name="endPoints">How many end points. Default 1; at least 1.</param>
    /// <param name="cancellationToken">Stops waiting; connecting goes on.</param>
    /// <returns>A task.</returns>
    /// <exception cref="TransportException"><see cref="TransportError.NoEndPoint"/>: the channel is closing.</exception>
    public Task WarmUpAsync(ChannelProtocol protocol, int endPoints = 1, CancellationToken cancellationToken = default) => _core.WarmUpAsync(protocol, endPoints, cancellationToken);

    /// <summary>Adds an end point, or changes weight, priority and zone of the one at the same place.</summary>
    /// <param name="endPoint">The end point.</param>
    /// <exception cref="ArgumentException">It is out of range.</exception>
    public void AddEndPoint(ChannelEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        endPoint.Validate();
        _core.SetEndPoints([endPoint], replacesAll: false);
    }

    /// <summary>Removes an end point: it gets no new calls, and its connections close when the last call has ended.</summary>
    /// <param name="endPoint">The place.</param>
    /// <returns>Whether it was there.</returns>
    public bool RemoveEndPoint(ChannelEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return _core.RemoveEndPoint(endPoint);
    }

    /// <summary>Makes the set of end points equal to a list: adds, changes and removes what differs. What a resolver's answers go to.</summary>
    /// <param name="endPoints">All of them. Of several at the same place the last counts.</param>
    /// <exception cref="ArgumentException">One is out of range; nothing is changed then.</exception>
    public void SetEndPoints(IReadOnlyList<ChannelEndPoint> endPoints)
    {
        ArgumentNullException.ThrowIfNull(endPoints);
        foreach (ChannelEndPoint endPoint in endPoints)
        {
            ArgumentNullException.ThrowIfNull(endPoint, nameof(endPoints));
            endPoint.Validate();
        }

        _core.SetEndPoints(endPoints, replacesAll: true);
    }

    /// <summary>Changes an end point's share of the traffic.</summary>
    /// <param name="endPoint">The place.</param>
    /// <param name="weight">1 to 1,000.</param>
    /// <returns>Whether it is there.</returns>
    /// <exception cref="ArgumentException">The weight is out of range.</exception>
    public bool SetWeight(ChannelEndPoint endPoint, int weight)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        (endPoint with { Weight = weight }).Validate();
        return _core.Update(endPoint, known => known with { Weight = weight });
    }

    /// <summary>The breaker of an end point, to isolate or reset it by hand.</summary>
    /// <param name="endPoint">The place.</param>
    /// <returns>The breaker, which the channel owns; <c>null</c> when the end point is not there or breakers are off.</returns>
    public CircuitBreaker? FindBreaker(ChannelEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return _core.Find(endPoint)?.Breaker;
    }

    /// <summary>The health of an end point, for verdicts from elsewhere and for listening to one end point alone.</summary>
    /// <param name="endPoint">The place.</param>
    /// <returns>The health, which the channel owns; <c>null</c> when the end point is not there.</returns>
    public EndPointHealth? FindHealth(ChannelEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return _core.Find(endPoint)?.Monitor.Health;
    }

    /// <summary>What the channel is now.</summary>
    /// <returns>The snapshot.</returns>
    public ChannelSnapshot GetSnapshot() => _core.GetSnapshot();

    /// <summary>Lends no more, waits until all leases are completed, and closes the connections. Calls that wait for a connection are refused.</summary>
    /// <param name="timeout">How long calls may take; what is left then is cut. <see cref="Timeout.InfiniteTimeSpan"/> waits for them all.</param>
    /// <param name="cancellationToken">Cuts what is left at once.</param>
    /// <returns>A task that is over when the channel is closed; <c>true</c> when no call was cut.</returns>
    public Task<bool> DrainAsync(TimeSpan timeout, CancellationToken cancellationToken = default) => _core.DrainAsync(timeout, cancellationToken);

    /// <summary>Closes all connections at once; calls in flight fail. May be called twice.</summary>
    /// <returns>A task that is over when every task, timer and session of the channel has ended.</returns>
    public ValueTask DisposeAsync() => _core.DisposeAsync();
}
