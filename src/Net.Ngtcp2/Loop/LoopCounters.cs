namespace Net.Ngtcp2.Loop;

/// <summary>What one loop has done. Its thread writes; others may read at any time and see a recent value.</summary>
internal sealed class LoopCounters
{
    /// <summary>Turns, each of which is one wait for sockets, work or a timer.</summary>
    internal long Waits;

    /// <summary>Waits that another thread's work ended.</summary>
    internal long Signals;

    /// <summary>Datagrams of another loop's connections that were lost because that loop was too far behind.</summary>
    internal long ForwardsDropped;
}
