namespace Net;

/// <summary>How large a stream's header may be. Each limit is checked before memory is spent on what exceeds it.</summary>
public sealed record RawStreamLimits
{
    /// <summary>The defaults.</summary>
    public static RawStreamLimits Default { get; } = new();

    /// <summary>Bytes of a header after its length. Default 16 KiB; range 64 to 1 MiB.</summary>
    /// <remarks>The default holds all metadata that the other two allow. Lower it where headers are known to be small: so much may each stream make this side hold before its handler is known.</remarks>
    public int MaxHeaderSize { get; init; } = 16 << 10;

    /// <summary>Metadata entries of a header. Default 64; range 0 to 4,096.</summary>
    /// <remarks>Metadata is for routing and tracing; what grows with the request belongs into the stream.</remarks>
    public int MaxMetadataCount { get; init; } = 64;

    /// <summary>Bytes of all metadata names and values of a header together. Default 8 KiB; range 0 to 1 MiB.</summary>
    /// <remarks>Keep it well below <see cref="MaxHeaderSize"/>, which counts the route and the lengths, too. Raise it only for tokens that are large.</remarks>
    public int MaxMetadataSize { get; init; } = 8 << 10;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">At least one value is out of range; the message lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(RawStreamLimits));
        faults.Range(nameof(MaxHeaderSize), MaxHeaderSize, 64, 1 << 20);
        faults.Range(nameof(MaxMetadataCount), MaxMetadataCount, 0, 4096);
        faults.Range(nameof(MaxMetadataSize), MaxMetadataSize, 0, 1 << 20);
        faults.ThrowIfAny();
    }
}
