namespace Net.MsQuic.Internal;

/// <summary>What a connection tells its event handlers.</summary>
[Flags]
internal enum ConnectionEvents
{
    None = 0,
    BidirectionalCredit = 1 << 0,
    UnidirectionalCredit = 1 << 1,
    Draining = 1 << 2,
}

/// <summary>Runs event handlers on the thread pool, one after the other.</summary>
/// <remarks>An event that comes again before its handlers ran is told once, so that slow handlers hold up nothing and nothing piles up.</remarks>
/// <param name="raise">Calls the handlers of one event.</param>
internal sealed class SerialEvents(Action<ConnectionEvents> raise)
{
    private readonly Lock _lock = new();
    private ConnectionEvents _pending;
    private bool _isRunning;

    /// <summary>Has the handlers of an event called. Returns at once.</summary>
    /// <param name="events">The event.</param>
    internal void Post(ConnectionEvents events)
    {
        lock (_lock)
        {
            _pending |= events;
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static self => self.Run(), this, preferLocal: false);
    }

    private void Run()
    {
        while (true)
        {
            ConnectionEvents next;
            lock (_lock)
            {
                next = _pending & ~(_pending - 1);
                _pending &= ~next;
                if (next == ConnectionEvents.None)
                {
                    _isRunning = false;
                    return;
                }
            }

            raise(next);
        }
    }
}
