namespace Net.Chaos.Simulation.Frames;

/// <summary>One direction of a connection: frames arrive whole and in order. What is lost is sent again, later and later, as a transport does; what is cut off waits.</summary>
/// <param name="world">Time and chance.</param>
/// <param name="condition">The link beneath.</param>
/// <param name="canPass">Whether both ends run.</param>
internal sealed class FrameLine(SimulationWorld world, LinkCondition condition, Func<bool> canPass)
{
    private static readonly TimeSpan FirstProbe = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan LongestProbe = TimeSpan.FromSeconds(2);
    private readonly Queue<(Action Deliver, TimeSpan Due)> _frames = new();
    private TimeSpan _last;
    private bool _isSet;
    private bool _isDropped;

    /// <summary>How often the first frame that waits was sent in vain.</summary>
    internal int Probes { get; private set; }

    /// <summary>Sends a frame; <paramref name="deliver"/> is what it does where it arrives.</summary>
    internal void Send(Action deliver)
    {
        if (_isDropped)
        {
            return;
        }

        TimeSpan due = world.Now + condition.DrawDelay(world);
        for (TimeSpan probe = FirstProbe; probe < LongestProbe && condition.Strikes(condition.Loss, world); probe *= 2)
        {
            due += probe;
        }

        _last = due > _last ? due : _last;
        _frames.Enqueue((deliver, _last));
        if (!_isSet)
        {
            Set(_last - world.Now);
        }
    }

    /// <summary>Nothing arrives any more.</summary>
    internal void Drop()
    {
        _isDropped = true;
        _frames.Clear();
    }

    private void Set(TimeSpan delay)
    {
        _isSet = true;
        world.After(delay, Deliver);
    }

    private void Deliver()
    {
        _isSet = false;
        while (_frames.TryPeek(out (Action Deliver, TimeSpan Due) next))
        {
            if (next.Due > world.Now)
            {
                Set(next.Due - world.Now);
                return;
            }

            if (condition.IsCut || !canPass())
            {
                condition.Touched++;
                TimeSpan pause = FirstProbe * Math.Pow(2, Math.Min(Probes++, 10));
                Set(pause < LongestProbe ? pause : LongestProbe);
                return;
            }

            Probes = 0;
            _frames.Dequeue();
            next.Deliver();
            if (_isSet)
            {
                // A frame was sent from inside, onto an empty line.
                return;
            }
        }
    }
}
