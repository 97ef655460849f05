namespace Net.Chaos.Udp;

/// <summary>The one timer queue of a relay: held packets and timers by time, those of the same time in the order in which they came.</summary>
internal sealed class DueQueue
{
    private readonly PriorityQueue<Entry, (TimeSpan Due, long Sequence)> _queue = new();
    private long _sequence;

    private readonly record struct Entry(IDueTarget Target, Packet? Packet);

    /// <summary>Bytes of the packets held.</summary>
    internal long HeldBytes { get; private set; }

    internal TimeSpan? NextDue => _queue.TryPeek(out _, out (TimeSpan Due, long Sequence) first) ? first.Due : null;

    internal void Add(IDueTarget target, Packet? packet, TimeSpan due)
    {
        HeldBytes += packet?.Length ?? 0;
        _queue.Enqueue(new Entry(target, packet), (due, _sequence++));
    }

    /// <summary>Calls what is due by a time.</summary>
    internal void Run(TimeSpan now)
    {
        while (_queue.TryPeek(out _, out (TimeSpan Due, long Sequence) first) && first.Due <= now)
        {
            Entry entry = _queue.Dequeue();
            HeldBytes -= entry.Packet?.Length ?? 0;
            entry.Target.HandleDue(entry.Packet);
        }
    }

    /// <summary>Takes out everything that waits for a target.</summary>
    /// <returns>Its packets, in the order in which they were due.</returns>
    internal List<Packet> TakeAll(IDueTarget target)
    {
        if (_queue.Count == 0)
        {
            return [];
        }

        List<(Entry Entry, (TimeSpan Due, long Sequence) Place)> all = [.. _queue.UnorderedItems];
        _queue.Clear();
        _queue.EnqueueRange(all.Where(e => e.Entry.Target != target).Select(static e => (e.Entry, e.Place)));
        List<Packet> taken = [.. all.Where(e => e.Entry.Target == target && e.Entry.Packet is not null).OrderBy(static e => e.Place).Select(static e => e.Entry.Packet!)];
        HeldBytes -= taken.Sum(static p => (long)p.Length);
        return taken;
    }

    /// <summary>Takes out everything.</summary>
    /// <returns>All packets.</returns>
    internal List<Packet> Clear()
    {
        List<Packet> taken = [.. _queue.UnorderedItems.Where(static e => e.Element.Packet is not null).Select(static e => e.Element.Packet!)];
        _queue.Clear();
        HeldBytes = 0;
        return taken;
    }
}
