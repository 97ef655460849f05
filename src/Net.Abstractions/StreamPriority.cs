namespace Net;

/// <summary>The order in which a connection sends its streams, after RFC 9218, section 4.</summary>
public readonly record struct StreamPriority
{
    /// <summary>Urgency 3, incremental: the streams of a connection take turns, so that a long one never holds up the others. HTTP/3 sets what RFC 9218 asks for.</summary>
    public static StreamPriority Default => new(3, true);

    /// <summary>Makes a priority.</summary>
    /// <param name="urgency">0 (first) to 7 (last).</param>
    /// <param name="incremental">Whether the stream shares the line in turns with others of its urgency, rather than being sent to its end first.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="urgency"/> is not in 0 to 7.</exception>
    public StreamPriority(int urgency, bool incremental)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(urgency);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(urgency, 7);
        Urgency = urgency;
        Incremental = incremental;
    }

    /// <summary>0 (first) to 7 (last).</summary>
    public int Urgency { get; }

    /// <summary>Whether streams of the same urgency take turns.</summary>
    public bool Incremental { get; }
}
