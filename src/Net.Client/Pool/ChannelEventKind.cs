namespace Net.Client;

/// <summary>What a channel reports.</summary>
public enum ChannelEventKind
{
    /// <summary>An end point was added.</summary>
    EndPointAdded = 0,

    /// <summary>An end point was removed; its connections drain.</summary>
    EndPointRemoved = 1,

    /// <summary>An end point's weight, priority or zone has changed.</summary>
    EndPointUpdated = 2,

    /// <summary>A verdict on an end point has changed.</summary>
    HealthChanged = 3,

    /// <summary>A connection is ready.</summary>
    ConnectionOpened = 4,

    /// <summary>A connection takes no new calls.</summary>
    ConnectionDraining = 5,

    /// <summary>A connection is over.</summary>
    ConnectionClosed = 6,

    /// <summary>An attempt to connect failed.</summary>
    ConnectFailed = 7,

    /// <summary>Identity or trust have changed; older connections are being replaced.</summary>
    GenerationChanged = 8,

    /// <summary>An end point went over to the fallback, or back.</summary>
    TransportChanged = 9,

    /// <summary>A breaker opened, closed, or lets probes through.</summary>
    BreakerChanged = 10,

    /// <summary>The channel began to drain, or is closed.</summary>
    StateChanged = 11,
}
