namespace Net.Client;

/// <summary>Where calls get their connections: a <see cref="NetChannel"/>, or a stand-in for tests of what is built on one. Thread-safe.</summary>
public abstract class LeaseSource
{
    private CallDeadlines? _deadlines;

    /// <summary>The clock of deadlines.</summary>
    public abstract TimeProvider TimeProvider { get; }

    /// <summary>Rents a session if that needs no waiting. Allocates nothing.</summary>
    /// <param name="protocol">What the session must speak; one of its fallback is given, too, if the channel's policy allows.</param>
    /// <param name="request">What the attempt asks for.</param>
    /// <param name="lease">The lease; complete it when the call or stream is over.</param>
    /// <returns><c>false</c> when nothing can be had now or others wait already; <see cref="RentAsync"/> says why, or waits.</returns>
    public abstract bool TryRent(ChannelProtocol protocol, in LeaseRequest request, out ChannelLease lease);

    /// <summary>Rents a session, waiting in order of arrival when none has room.</summary>
    /// <param name="protocol">What the session must speak; one of its fallback is given, too, if the channel's policy allows.</param>
    /// <param name="request">What the attempt asks for.</param>
    /// <param name="cancellationToken">Stops waiting. What was being opened for this call is kept for others.</param>
    /// <returns>The lease; complete it when the call or stream is over.</returns>
    /// <exception cref="TransportException">
    /// <see cref="TransportError.PoolExhausted"/>: all room is taken and the queue is full, or the wait would outlast the deadline.
    /// <see cref="TransportError.CircuitOpen"/>: every end point is cut off by its breaker.
    /// <see cref="TransportError.NoEndPoint"/>: there is none, or the channel is draining.
    /// <see cref="TransportError.ConnectFailed"/> or <see cref="TransportError.CertificateRejected"/>: no end point could be connected to; the inner exception is the last failure.
    /// <see cref="TransportError.DeadlineExceeded"/>: the deadline passed while waiting. In all of these nothing was sent; <c>RetryAfter</c> says when another attempt makes sense, if that is known.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public abstract ValueTask<ChannelLease> RentAsync(ChannelProtocol protocol, LeaseRequest request, CancellationToken cancellationToken = default);

    /// <summary>Turns a time into the absolute form that <see cref="LeaseRequest.Deadline"/> takes.</summary>
    /// <param name="timeout">From now; not negative.</param>
    /// <returns>A timestamp of <see cref="TimeProvider"/>, never 0; for a time of centuries one that is far off.</returns>
    public long DeadlineAfter(TimeSpan timeout)
    {
        long deadline = TimeProvider.GetTimestamp() + UnitsOf(timeout);
        return deadline == 0 ? 1 : deadline;
    }

    /// <summary>Where the deadlines of calls are kept.</summary>
    internal CallDeadlines Deadlines => Volatile.Read(ref _deadlines) ?? MakeDeadlines();

    /// <summary>How many units of the clock a time is; one that does not fit is as long as can be.</summary>
    internal long UnitsOf(TimeSpan timeout)
    {
        const long Longest = long.MaxValue / 4;
        long frequency = TimeProvider.TimestampFrequency;
        long each = frequency / TimeSpan.TicksPerSecond;

        // Exact where the clock counts whole fractions of a tick, as nearly all do.
        return each * TimeSpan.TicksPerSecond == frequency && timeout.Ticks <= Longest / each
            ? timeout.Ticks * each
            : (long)Math.Min(timeout.TotalSeconds * frequency, Longest);
    }

    private CallDeadlines MakeDeadlines()
    {
        var made = new CallDeadlines(TimeProvider);
        return Interlocked.CompareExchange(ref _deadlines, made, null) ?? made;
    }
}
