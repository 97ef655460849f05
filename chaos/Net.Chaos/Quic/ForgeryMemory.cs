namespace Net.Chaos.Quic;

/// <summary>Which connections have had their forged packet, and which wait for one. Bounded: the oldest are forgotten.</summary>
internal sealed class ForgeryMemory
{
    private readonly Queue<string> _order = new();
    private readonly HashSet<string> _seen = [];
    private readonly Queue<byte[]> _waiting = new();

    internal delegate void InitialAction(ReadOnlySpan<byte> initial);

    /// <summary>Whether this is the first Initial of a connection, by the client's identifier or, when that is empty, the server's.</summary>
    internal bool IsNew(in QuicPacketView initial, int limit)
    {
        string id = Convert.ToHexString(initial.SourceId.IsEmpty ? initial.DestinationId : initial.SourceId);
        if (!_seen.Add(id))
        {
            return false;
        }

        _order.Enqueue(id);
        if (_order.Count > limit)
        {
            _seen.Remove(_order.Dequeue());
        }

        return true;
    }

    internal void Keep(ReadOnlySpan<byte> initial)
    {
        _waiting.Enqueue(initial.ToArray());
        if (_waiting.Count > 64)
        {
            _waiting.Dequeue();
        }
    }

    internal void Take(InitialAction action)
    {
        while (_waiting.TryDequeue(out byte[]? initial))
        {
            action(initial);
        }
    }
}
