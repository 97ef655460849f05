namespace Net.Client.Internal;

/// <summary>A call that waits for a place. It ends once: served, refused, timed out or cancelled.</summary>
internal sealed class Waiter
{
    private readonly TaskCompletionSource<ChannelLease> _source;
    private int _isOver;

    internal Waiter(ProtocolRoute route, in LeaseRequest request, long since, long limit, TaskCreationOptions options)
    {
        Route = route;
        Request = request;
        Since = since;
        Limit = limit;
        _source = new TaskCompletionSource<ChannelLease>(options);
        Node = new LinkedListNode<Waiter>(this);
    }

    internal ProtocolRoute Route { get; }

    internal LeaseRequest Request { get; }

    internal long Since { get; }

    /// <summary>When it stops waiting.</summary>
    internal long Limit { get; }

    internal LinkedListNode<Waiter> Node { get; }

    internal Task<ChannelLease> Task => _source.Task;

    /// <summary>Gives it the lease.</summary>
    /// <returns><c>false</c> when it is over already; the lease stays the caller's.</returns>
    internal bool TrySucceed(ChannelLease lease) => TryEnd() && _source.TrySetResult(lease);

    internal bool TryFail(Exception exception) => TryEnd() && _source.TrySetException(exception);

    internal bool TryCancel(CancellationToken token) => TryEnd() && _source.TrySetCanceled(token);

    private bool TryEnd()
    {
        bool isFirst = Interlocked.Exchange(ref _isOver, 1) == 0;

        // Also by the second, who may have found it in the queue between the first's two steps.
        Route.Waiters.Remove(this);
        return isFirst;
    }
}
