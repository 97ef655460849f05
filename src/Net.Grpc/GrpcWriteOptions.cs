namespace Net.Grpc;

/// <summary>How one message is sent.</summary>
public readonly record struct GrpcWriteOptions
{
    /// <summary>Whether this message goes uncompressed although its direction has an encoding; for one that is small or compressed already. Default <c>false</c>.</summary>
    public bool NoCompression { get; init; }

    /// <summary>
    /// Whether the message may wait for the next one, which then leave together. Default <c>false</c>: it leaves at once. The end of the stream sends everything. What waits is bounded: once
    /// 64 KiB wait, it leaves all the same.
    /// </summary>
    public bool Buffer { get; init; }
}
