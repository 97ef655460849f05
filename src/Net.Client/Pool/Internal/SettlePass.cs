namespace Net.Client.Internal;

/// <summary>What one look at the whole pool found to be done. Noted under the gate, done after it.</summary>
internal sealed class SettlePass
{
    internal long Now { get; set; }

    /// <summary>When to look again.</summary>
    internal long Due { get; private set; } = PoolClock.Never;

    internal List<ConnectAttempt> Starts { get; } = [];

    internal List<ConnectAttempt> Cancels { get; } = [];

    /// <summary>Connections to drain: nothing is lent of them.</summary>
    internal List<PooledConnection> Drains { get; } = [];

    /// <summary>Connections to close at once.</summary>
    internal List<PooledConnection> Cuts { get; } = [];

    /// <summary>Silent connections whose calls still wait: their sessions are to be asked how they are.</summary>
    internal List<(PooledConnection Connection, bool IsAnsweredElsewhere)> Silent { get; } = [];

    internal List<EndPointState> Gone { get; } = [];

    internal List<WarmUpWait> Ready { get; } = [];

    /// <summary>Routes whose candidates have changed, with the new ones.</summary>
    internal List<RouteChange> Rebuilds { get; } = [];

    /// <summary>Routes whose waiters may be served or have to be told something.</summary>
    internal List<ProtocolRoute> Pumps { get; } = [];

    /// <summary>Whether the last call of a draining channel has ended.</summary>
    internal bool IsQuiet { get; set; }

    internal void WakeAt(long due) => Due = PoolClock.Earlier(Due, due);

    internal void Clear(long now)
    {
        Now = now;
        Due = PoolClock.Never;
        Starts.Clear();
        Cancels.Clear();
        Drains.Clear();
        Cuts.Clear();
        Silent.Clear();
        Gone.Clear();
        Ready.Clear();
        Rebuilds.Clear();
        Pumps.Clear();
        IsQuiet = false;
    }
}
