namespace Net.Client;

/// <summary>Tells that a verdict on an end point has changed.</summary>
/// <param name="endPoint">The end point.</param>
/// <param name="previous">Its health before.</param>
/// <param name="current">Its health after. Another change may have followed already: <see cref="EndPointHealth.Current"/> is the latest.</param>
public sealed class EndPointHealthChangedEventArgs(ChannelEndPoint endPoint, EndPointHealthSnapshot previous, EndPointHealthSnapshot current) : EventArgs
{
    /// <summary>The end point.</summary>
    public ChannelEndPoint EndPoint { get; } = endPoint;

    /// <summary>Its health before.</summary>
    public EndPointHealthSnapshot Previous { get; } = previous;

    /// <summary>Its health after.</summary>
    public EndPointHealthSnapshot Current { get; } = current;
}
