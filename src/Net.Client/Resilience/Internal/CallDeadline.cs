namespace Net.Client;

/// <summary>The token of a call or attempt that may take so long: fires when its time is over or its parent's token does. Kept by a <see cref="DeadlineQueue"/>, so that it needs no timer of its own.</summary>
/// <remarks>
/// One is made for each call and never used again, though that costs the allocation: a token is a copy of a reference, and nobody can tell who still has one. Handlers, contents and streams may keep
/// theirs beyond the end of the call, and would be cancelled, or told that they are, at the deadline of a stranger.
/// </remarks>
internal sealed class CallDeadline : CancellationTokenSource, IThreadPoolWorkItem
{
    private readonly DeadlineQueue? _queue;
    private CancellationTokenRegistration _parent;

    /// <summary>Makes one, which its queue does not have yet.</summary>
    /// <param name="queue">Where it will be; <c>null</c>: nowhere.</param>
    /// <param name="due">When its time is over.</param>
    /// <param name="span">How long that is from its start, in units of the clock; at least 1.</param>
    internal CallDeadline(DeadlineQueue? queue, long due, long span)
    {
        _queue = queue;
        Due = due;
        Band = DeadlineQueue.BandOf(span);
        WorthALook = due - span + (1L << Band);
    }

    /// <summary>When the time is over, as a timestamp; never 0.</summary>
    internal long Due { get; }

    /// <summary>Which of the queue's lists it belongs to.</summary>
    internal int Band { get; }

    /// <summary>Not later than <see cref="Due"/>, and in the order of the starts within a band.</summary>
    internal long WorthALook { get; }

    /// <summary>Whether it is in the queue; under the queue's lock, as are both neighbours.</summary>
    internal bool IsQueued { get; set; }

    internal CallDeadline? Previous { get; set; }

    internal CallDeadline? Next { get; set; }

    /// <summary>Starts the time.</summary>
    /// <param name="source">Whose clock and queue count.</param>
    /// <param name="due">When it is over: <see cref="LeaseSource.DeadlineAfter"/>.</param>
    /// <param name="timeout">How long it is; zero or less: it has fired already.</param>
    /// <param name="parent">Fires it, too.</param>
    internal static CallDeadline Start(LeaseSource source, long due, TimeSpan timeout, CancellationToken parent)
    {
        if (timeout <= TimeSpan.Zero)
        {
            var over = new CallDeadline(null, due, 1);
            over.Cancel();
            return over;
        }

        DeadlineQueue queue = source.Deadlines.Choose();
        var deadline = new CallDeadline(queue, due, source.UnitsOf(timeout));
        queue.Add(deadline);
        if (parent.CanBeCanceled)
        {
            deadline._parent = parent.UnsafeRegister(static state => ((CallDeadline)state!).Cancel(), deadline);
        }

        return deadline;
    }

    /// <summary>Fires; called once at most, by the queue, which it has left.</summary>
    public void Execute()
    {
        try
        {
            Cancel();
        }
        catch (AggregateException)
        {
            // What somebody hung on the token failed; the call is cancelled all the same, and nobody here could be told.
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            bool isFiring = _queue is not null && !_queue.Remove(this);
            _parent.Dispose();
            if (isFiring)
            {
                // Or disposed already. The queue's thread may be about to cancel, which a disposed source would not bear; there is nothing native to give back.
                return;
            }
        }

        base.Dispose(disposing);
    }
}
