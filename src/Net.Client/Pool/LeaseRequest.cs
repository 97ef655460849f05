namespace Net.Client;

/// <summary>What one attempt asks of the pool. The default value asks for any end point and waits as long as <see cref="PoolOptions.WaitTimeout"/>.</summary>
public readonly record struct LeaseRequest
{
    /// <summary>
    /// When the call must be over: a timestamp of the channel's clock (<see cref="LeaseSource.DeadlineAfter"/>), so that all attempts of a call share it. 0 (the default): none.
    /// A wait that would outlast it is refused at once.
    /// </summary>
    public long Deadline { get; init; }

    /// <summary>What happens when the work is done more than once. Default <see cref="Net.Idempotency.NonIdempotent"/>.</summary>
    public Idempotency Idempotency { get; init; }

    /// <summary>A hash of what keeps calls together (session, user, key), for policies with affinity; <c>null</c> (the default): none.</summary>
    public ulong? AffinityHash { get; init; }

    /// <summary>End points that this call has tried already. They are picked again only when no other can be. <c>null</c> (the default): none.</summary>
    public TriedEndPoints? Tried { get; init; }

    /// <summary>Refuses instead of waiting when no connection is ready. Default <c>false</c>: waits.</summary>
    public bool FailFast { get; init; }

    /// <summary>Collects how the choice came about; <c>null</c> (the default): nobody asks.</summary>
    public CallTrace? Trace { get; init; }
}
