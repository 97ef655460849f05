namespace Net.Client;

/// <summary>Where a channel is in its life. It only moves forward.</summary>
public enum ChannelState
{
    /// <summary>It lends connections.</summary>
    Open = 0,

    /// <summary>It lends no more; calls in flight go on.</summary>
    Draining = 1,

    /// <summary>All is closed.</summary>
    Closed = 2,
}
