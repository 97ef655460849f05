namespace Net.Client;

/// <summary>One pool of connections to a set of end points, for calls and raw streams alike. Thread-safe.</summary>
public sealed class NetChannel : LeaseSource, IAsyncDisposable
{
    /// <summary>Makes a channel and begins to connect to what <see cref="NetChannelOptions.WarmUp"/> names.</summary>
    /// <param name="options">What it is made of.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message lists every fault.</exception>
    public NetChannel(NetChannelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
    }

    /// <summary>Raised when something happened, in order, on the thread pool. Handlers do not block; what they throw is logged.</summary>
    public event EventHandler<ChannelEventArgs>? Changed
    {
        add => throw new NotSupportedException();
        remove => throw new NotSupportedException();
    }

    /// <summary>What it was made of.</summary>
    public NetChannelOptions Options { get; }

    /// <inheritdoc/>
    public override TimeProvider TimeProvider => Options.TimeProvider;

    /// <summary>Where it is in its life.</summary>
    public ChannelState State => throw new NotSupportedException();

    /// <inheritdoc/>
    public override bool TryRent(ChannelProtocol protocol, in LeaseRequest request, out ChannelLease lease) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override ValueTask<ChannelLease> RentAsync(ChannelProtocol protocol, LeaseRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Opens what is missing to the minimum of connections and waits until enough end points are ready.</summary>
    /// <param name="protocol">What they must speak.</param>
    /// <param name="endPoints">How many end points must have their minimum of connections, or one where it is 0. Range 1 to the number of end points.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that fails with nothing but cancellation and the end of the channel.</returns>
    public Task WarmUpAsync(ChannelProtocol protocol, int endPoints = 1, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Adds an end point, or changes the one at the same place.</summary>
    /// <param name="endPoint">The end point.</param>
    public void AddEndPoint(ChannelEndPoint endPoint) => throw new NotSupportedException();

    /// <summary>Removes an end point: it gets no new calls, and its connections close when the last one has ended.</summary>
    /// <param name="endPoint">The place.</param>
    /// <returns>Whether it was there.</returns>
    public bool RemoveEndPoint(ChannelEndPoint endPoint) => throw new NotSupportedException();

    /// <summary>Makes the set of end points equal to a list: adds, changes and removes what differs. What a resolver calls.</summary>
    /// <param name="endPoints">All of them, each place once.</param>
    public void SetEndPoints(IReadOnlyList<ChannelEndPoint> endPoints) => throw new NotSupportedException();

    /// <summary>Changes an end point's share of the traffic.</summary>
    /// <param name="endPoint">The place.</param>
    /// <param name="weight">1 to 1,000.</param>
    /// <returns>Whether it is there.</returns>
    public bool SetWeight(ChannelEndPoint endPoint, int weight) => throw new NotSupportedException();

    /// <summary>Takes a health checker's verdict.</summary>
    /// <param name="endPoint">The place.</param>
    /// <param name="aspect">What was judged.</param>
    /// <param name="state">The judgement.</param>
    /// <param name="reason">Why, in words.</param>
    /// <returns>Whether the end point is there.</returns>
    public bool ReportHealth(ChannelEndPoint endPoint, HealthAspect aspect, HealthState state, string reason = "") => throw new NotSupportedException();

    /// <summary>What the channel is now.</summary>
    /// <returns>The snapshot.</returns>
    public ChannelSnapshot GetSnapshot() => throw new NotSupportedException();

    /// <summary>Lends no more, waits until all leases are completed, and closes the connections.</summary>
    /// <param name="timeout">How long calls may take; what is left then is cut. <see cref="Timeout.InfiniteTimeSpan"/> waits for them all.</param>
    /// <param name="cancellationToken">Cuts what is left at once.</param>
    /// <returns>A task that is over when the channel is closed; <c>true</c> when no call was cut.</returns>
    public Task<bool> DrainAsync(TimeSpan timeout, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Closes all connections at once; calls in flight fail. May be called twice.</summary>
    /// <returns>A task that is over when every task, timer and session of the channel has ended.</returns>
    public ValueTask DisposeAsync() => throw new NotSupportedException();
}
