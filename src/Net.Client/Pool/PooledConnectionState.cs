namespace Net.Client;

/// <summary>Where a connection of a pool is in its life. It only moves forward.</summary>
public enum PooledConnectionState
{
    /// <summary>It takes calls.</summary>
    Ready = 0,

    /// <summary>It takes calls only until its successor is ready: it is too old, or identity or trust have changed since it was opened.</summary>
    Expiring = 1,

    /// <summary>It takes no new calls and finishes the old ones.</summary>
    Draining = 2,

    /// <summary>It is over.</summary>
    Closed = 3,
}
