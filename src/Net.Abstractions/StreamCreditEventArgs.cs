namespace Net;

/// <summary>Tells that the peer allows more streams than before.</summary>
/// <param name="direction">The kind of streams.</param>
/// <param name="available">How many can be opened now without waiting.</param>
public sealed class StreamCreditEventArgs(StreamDirection direction, int available) : EventArgs
{
    /// <summary>The kind of streams.</summary>
    public StreamDirection Direction { get; } = direction;

    /// <summary>How many can be opened now without waiting.</summary>
    public int Available { get; } = available;
}
