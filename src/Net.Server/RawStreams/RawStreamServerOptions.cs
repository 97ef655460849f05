namespace Net.Server;

/// <summary>Limits of the raw streams of a server.</summary>
public sealed record RawStreamServerOptions
{
    /// <summary>How large headers may be. Default <see cref="RawStreamLimits.Default"/>.</summary>
    /// <remarks>Raise them for callers that send much metadata; each stream that waits for its header may hold so much.</remarks>
    public RawStreamLimits HeaderLimits { get; init; } = RawStreamLimits.Default;

    /// <summary>How long the header of a stream may take to arrive. Default 5 s; range 1 ms to 10 min.</summary>
    /// <remarks>It bounds what a peer costs that opens streams and sends nothing. Raise it for very slow links alone.</remarks>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Streams open at once over all connections, those that wait for their header included. Further ones are refused with <see cref="RawStreamErrorCodes.Overloaded"/>. Default 10,000; range 1 to 10^7.</summary>
    /// <remarks>Below what memory allows times what a stream costs its handler; beyond it callers are told at once and go elsewhere.</remarks>
    public int MaxConcurrentStreams { get; init; } = 10_000;

    /// <summary>The longest deadline that a caller may ask for; a longer one, or none, becomes this. Default <see cref="Timeout.InfiniteTimeSpan"/>: what the caller says; range 1 ms to 30 days.</summary>
    /// <remarks>Set it where no handler should run longer, whatever callers ask for. Streams that are to last, such as subscriptions, need it infinite.</remarks>
    public TimeSpan MaxDeadline { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(RawStreamServerOptions));
        faults.Range(nameof(HeaderTimeout), HeaderTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(10));
        faults.Range(nameof(MaxConcurrentStreams), MaxConcurrentStreams, 1, 10_000_000);
        faults.Range(nameof(MaxDeadline), MaxDeadline, TimeSpan.FromMilliseconds(1), RawStreamProtocol.MaxDeadline, allowInfinite: true);
        if (HeaderLimits is null)
        {
            faults.Add(nameof(HeaderLimits), "is null.");
        }

        faults.ThrowIfAny();
        HeaderLimits!.Validate();
    }
}
