namespace Net.Client.Internal;

/// <summary>What became of a pick. Of several that failed the larger one counts: it tells what to wait for.</summary>
internal enum PickOutcome
{
    /// <summary>There is nobody to choose from.</summary>
    NoEndPoint = 0,

    /// <summary>All are unhealthy, and the rule is to fail then.</summary>
    AllUnhealthy = 1,

    /// <summary>Breakers let nothing through.</summary>
    CircuitOpen = 2,

    /// <summary>No connection takes calls yet.</summary>
    NotConnected = 3,

    /// <summary>All connections are full.</summary>
    NoRoom = 4,

    /// <summary>A place was taken.</summary>
    Leased = 5,
}
