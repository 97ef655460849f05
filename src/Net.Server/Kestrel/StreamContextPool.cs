namespace Net.Server.Kestrel;

/// <summary>Stream contexts of one connection that can serve another request, with what Kestrel keeps in them.</summary>
internal sealed class StreamContextPool
{
    /// <summary>How many are kept: each holds some 25 kB of Kestrel's.</summary>
    internal const int Capacity = 100;

    // Kestrel's heart beats once a second.
    private const int BeatsBetweenTrims = 5;

    private readonly Lock _lock = new();
    private readonly Stack<TransportStreamContext> _contexts = new();
    private int _fewest;
    private int _beats;

    internal int Count
    {
        get
        {
            lock (_lock)
            {
                return _contexts.Count;
            }
        }
    }

    internal TransportStreamContext? TryTake()
    {
        lock (_lock)
        {
            bool taken = _contexts.TryPop(out TransportStreamContext? context);
            _fewest = Math.Min(_fewest, _contexts.Count);
            return taken ? context : null;
        }
    }

    internal void Return(TransportStreamContext context)
    {
        lock (_lock)
        {
            if (_contexts.Count < Capacity)
            {
                _contexts.Push(context);
            }
        }
    }

    /// <summary>Lets go of those that nobody needed for some seconds. Called with each beat of Kestrel's heart.</summary>
    internal void Trim()
    {
        lock (_lock)
        {
            if (++_beats < BeatsBetweenTrims)
            {
                return;
            }

            _beats = 0;
            for (int i = 0; i < _fewest; i++)
            {
                _contexts.Pop();
            }

            _fewest = _contexts.Count;
        }
    }
}
