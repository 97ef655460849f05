namespace Net.Client;

/// <summary>Something that happened in a channel.</summary>
/// <param name="kind">What.</param>
/// <param name="time">When, by the channel's clock.</param>
/// <param name="endPoint">The end point it is about, or <c>null</c>.</param>
/// <param name="connectionId">The connection it is about, or 0.</param>
/// <param name="reason">Why, in words.</param>
public sealed class ChannelEventArgs(ChannelEventKind kind, DateTimeOffset time, ChannelEndPoint? endPoint, long connectionId, string reason) : EventArgs
{
    /// <summary>What happened.</summary>
    public ChannelEventKind Kind { get; } = kind;

    /// <summary>When it happened, by the channel's clock.</summary>
    public DateTimeOffset Time { get; } = time;

    /// <summary>The end point it is about, or <c>null</c>.</summary>
    public ChannelEndPoint? EndPoint { get; } = endPoint;

    /// <summary>The connection it is about, as in the snapshot; 0 for none.</summary>
    public long ConnectionId { get; } = connectionId;

    /// <summary>Why, in words; never <c>null</c>. What a peer said is in it without control characters (<see cref="PlainText"/>), and cut to 2,048 characters.</summary>
    public string Reason { get; } = PlainText.Clean(reason, 2048);
}
