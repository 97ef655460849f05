namespace Net;

/// <summary>How many streams can begin on a connection, also on an engine that is not told of the peer's first credit and says 0 until more was given.</summary>
internal struct StreamRoom
{
    // What servers commonly allow. Streams beyond the true number wait for it.
    private const int Assumed = 100;

    private volatile bool _isKnown;

    /// <summary>The number.</summary>
    /// <param name="available">What the connection says.</param>
    /// <param name="active">Streams that are open, those included that wait for credit.</param>
    internal int Of(int available, int active)
    {
        if (available > 0)
        {
            _isKnown = true;
        }

        return _isKnown ? available : Math.Max(0, Assumed - active);
    }

    /// <summary>The peer has given credit: from now on the connection knows.</summary>
    internal void Learn() => _isKnown = true;
}
