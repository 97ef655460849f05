namespace Net.Ngtcp2.Driver;

/// <summary>The streams that the peer may open. Places of ended streams go back in lumps, which saves a MAX_STREAMS frame for each, but at once when the peer has few left.</summary>
/// <remarks>Without the second rule a peer whose other places are taken by long streams would wait for ever for a lump to fill.</remarks>
internal struct PeerPlaces(int limit)
{
    private readonly int _limit = limit;
    private long _allowed = limit;

    /// <summary>Streams the peer has opened so far.</summary>
    internal long Opened;

    /// <summary>Places that ended streams have left and that have not been given back.</summary>
    internal int Freed;

    /// <summary>Whether freed places should go to the peer now.</summary>
    internal readonly bool ShouldReturn => Freed > 0 && (Freed >= Math.Max(1, _limit / 8) || _allowed - Opened <= _limit / 2);

    /// <summary>Takes the freed places to give them back.</summary>
    internal int TakeFreed()
    {
        int freed = Freed;
        Freed = 0;
        _allowed += freed;
        return freed;
    }
}
