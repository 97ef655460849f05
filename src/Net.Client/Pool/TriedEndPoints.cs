namespace Net.Client;

/// <summary>The end points that the attempts of one call went to, so that the next attempt goes elsewhere. One call's attempts share it; safe for hedged attempts at once.</summary>
public sealed class TriedEndPoints
{
    private int[] _ids = [];

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _ids).Length;

    /// <summary>Notes an end point.</summary>
    /// <param name="endPointId"><see cref="ChannelLease.EndPointId"/> of the attempt's lease.</param>
    public void Add(int endPointId)
    {
        int[] seen = Volatile.Read(ref _ids);
        while (!seen.AsSpan().Contains(endPointId))
        {
            int[] found = Interlocked.CompareExchange(ref _ids, [.. seen, endPointId], seen);
            if (found == seen)
            {
                return;
            }

            seen = found;
        }
    }

    /// <summary>Whether an end point was noted.</summary>
    /// <param name="endPointId">Its number in the channel.</param>
    /// <returns>Whether it was.</returns>
    public bool Contains(int endPointId) => Volatile.Read(ref _ids).AsSpan().Contains(endPointId);
}
