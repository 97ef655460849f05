namespace Net.Client;

/// <summary>Where one stage of a call is sent: the channel's own end points, or those of a fallback step.</summary>
internal sealed class CallTarget(LeaseSource source, ChannelProtocol protocol, FallbackStep? step, TriedEndPoints tried)
{
    private int _sent;

    internal LeaseSource Source => source;

    internal ChannelProtocol Protocol => protocol;

    /// <summary>The step of the fallback chain; <c>null</c> for the call's own target.</summary>
    internal FallbackStep? Step => step;

    /// <summary>End points that were tried, so that the next attempt goes elsewhere.</summary>
    internal TriedEndPoints Tried => tried;

    /// <summary>How often the call was sent here.</summary>
    internal int Sent => Volatile.Read(ref _sent);

    internal void CountSent() => Interlocked.Increment(ref _sent);
}
