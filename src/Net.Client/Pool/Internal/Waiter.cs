using System.Diagnostics;

namespace Net.Client.Internal;

/// <summary>A call that waits for a place. It ends once: served, refused, timed out or cancelled; its timer and registration end with it.</summary>
internal sealed class Waiter
{
    private readonly ChannelCore _core;
    private readonly Activity? _activity;
    private readonly TaskCompletionSource<ChannelLease> _source;
    private ITimer? _timer;
    private CancellationTokenRegistration _registration;
    private int _isOver;

    internal Waiter(ChannelCore core, ProtocolRoute route, in LeaseRequest request, long since, long limit, Activity? activity, TaskCreationOptions options)
    {
        _core = core;
        _activity = activity;
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

    /// <summary>Lets it end by the clock and by its caller.</summary>
    internal void Arm(TimeProvider timeProvider, TimeSpan limit, CancellationToken cancellationToken)
    {
        ITimer timer = timeProvider.CreateTimer(static w => ((Waiter)w!)._core.HandleTimeout((Waiter)w), this, limit, Timeout.InfiniteTimeSpan);
        Volatile.Write(ref _timer, timer);
        _registration = cancellationToken.UnsafeRegister(static (w, token) => ((Waiter)w!).TryCancel(token), this);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isOver) != 0)
        {
            // It ended in between, perhaps before there was anything to end.
            Disarm();
        }
    }

    /// <summary>Gives it the lease.</summary>
    /// <returns><c>false</c> when it is over already; the lease stays the caller's.</returns>
    internal bool TrySucceed(ChannelLease lease)
    {
        if (!TryEnd())
        {
            return false;
        }

        _core.HandleWaited(this, _activity, lease, null);
        _source.SetResult(lease);
        return true;
    }

    internal void TryFail(Exception exception)
    {
        if (TryEnd())
        {
            _core.HandleWaited(this, _activity, default, exception);
            _source.SetException(exception);
        }
    }

    private void TryCancel(CancellationToken token)
    {
        if (TryEnd())
        {
            _core.HandleWaited(this, _activity, default, new OperationCanceledException(token));
            _source.SetCanceled(token);
        }
    }

    private bool TryEnd()
    {
        bool isFirst = Interlocked.Exchange(ref _isOver, 1) == 0;

        // Also by the second, who may have found it in the queue between the first's two steps.
        Route.Waiters.Remove(this);
        if (isFirst)
        {
            Disarm();
        }

        return isFirst;
    }

    // Neither waits for a callback that runs: it finds the waiter over.
    private void Disarm()
    {
        Volatile.Read(ref _timer)?.Dispose();
        _registration.Unregister();
    }
}
