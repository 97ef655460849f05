namespace Net.Client.Internal;

/// <summary>The calls that wait for one protocol, first come first served, and how long a place in the queue has taken of late.</summary>
internal sealed class WaiterQueue(int limit, PoolClock clock)
{
    // So many services in a row, and nothing older than this, tell how long the next ones take.
    private const int MinSamples = 8;
    private const double Weight = 1.0 / 8;
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiters = new();
    private int _count;
    private int _samples;
    private double _interval;
    private long _lastServed;

    internal int Count => Volatile.Read(ref _count);

    internal Waiter? First
    {
        get
        {
            lock (_lock)
            {
                return _waiters.First?.Value;
            }
        }
    }

    internal Waiter[] ToArray()
    {
        lock (_lock)
        {
            return [.. _waiters];
        }
    }

    /// <summary>Adds one at the end.</summary>
    /// <returns><c>false</c> when the queue is full.</returns>
    internal bool TryAdd(Waiter waiter)
    {
        lock (_lock)
        {
            if (_waiters.Count >= limit)
            {
                return false;
            }

            _waiters.AddLast(waiter.Node);
            Volatile.Write(ref _count, _waiters.Count);
            return true;
        }
    }

    /// <summary>Takes one out, if it is in.</summary>
    internal void Remove(Waiter waiter)
    {
        lock (_lock)
        {
            if (waiter.Node.List is not null)
            {
                _waiters.Remove(waiter.Node);
                Volatile.Write(ref _count, _waiters.Count);
            }
        }
    }

    /// <summary>Notes that the first was served.</summary>
    internal void NoteServed(long now)
    {
        lock (_lock)
        {
            if (_lastServed != 0 && clock.Elapsed(_lastServed, now) is var gap && gap < Memory)
            {
                _interval = _samples == 0 ? gap.TotalSeconds : _interval + ((gap.TotalSeconds - _interval) * Weight);
                _samples = Math.Min(_samples + 1, MinSamples);
            }
            else
            {
                _samples = 0;
            }

            // A queue that runs empty says nothing of how fast it could be served.
            _lastServed = _waiters.Count > 1 ? now : 0;
        }
    }

    /// <summary>How long one more would wait, by the pace of late; <c>null</c> when too little is known.</summary>
    internal TimeSpan? Estimate(long now)
    {
        lock (_lock)
        {
            return _samples < MinSamples || _lastServed == 0 || clock.Elapsed(_lastServed, now) > Memory
                ? null
                : TimeSpan.FromSeconds(_interval * (_waiters.Count + 1));
        }
    }
}
