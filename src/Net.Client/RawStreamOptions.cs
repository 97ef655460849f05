namespace Net.Client;

/// <summary>What a caller says of one raw stream.</summary>
public sealed record RawStreamOptions
{
    /// <summary>No deadline, no metadata, not idempotent.</summary>
    public static RawStreamOptions Default { get; } = new();

    /// <summary>
    /// How long the stream may live, counted from the call that opens it; <c>null</c> (the default): no limit. Range above 0 to 30 days. When it is over, both directions are aborted with <see
    /// cref="RawStreamErrorCodes.DeadlineExceeded"/> and reading and writing throw <see cref="TransportError.DeadlineExceeded"/>. The server learns it and stops the handler by itself.
    /// </summary>
    /// <remarks>Set one on every stream that does not live by design as long as its connection: nothing else ends a stream whose peer hangs.</remarks>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Names and values for the handler. Default <see cref="RawStreamMetadata.Empty"/>.</summary>
    /// <remarks>For what routes and traces; what grows with the request belongs into the stream. Servers limit count and size.</remarks>
    public RawStreamMetadata Metadata { get; init; } = RawStreamMetadata.Empty;

    /// <summary>Whether the stream's work may be done more than once. Decides whether it may travel as 0-RTT data. Default <see cref="Idempotency.NonIdempotent"/>.</summary>
    /// <remarks>Say it where it is true: only then may a stream be opened again elsewhere after it may have reached a handler.</remarks>
    public Idempotency Idempotency { get; init; }

    /// <summary>Place in the order of sending; <c>null</c> (the default) leaves the connection's own.</summary>
    /// <remarks>Use it to keep bulk transfers behind what people wait for; it matters only where one connection is full.</remarks>
    public StreamPriority? Priority { get; init; }

    /// <summary>
    /// Sends the header before the stream is returned. Default <c>false</c>: it travels with the first bytes that are flushed, in the same packet, or at the first read when the caller reads before it
    /// writes.
    /// </summary>
    /// <remarks>For handlers that speak first, or when the stream itself is the message; else it costs a packet.</remarks>
    public bool SendHeaderAtOnce { get; init; }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(RawStreamOptions));
        if (Deadline is TimeSpan deadline)
        {
            faults.Range(nameof(Deadline), deadline, TimeSpan.FromTicks(1), RawStreamProtocol.MaxDeadline);
        }

        if (Metadata is null)
        {
            faults.Add(nameof(Metadata), "is null; use RawStreamMetadata.Empty.");
        }

        if (!Enum.IsDefined(Idempotency))
        {
            faults.Add(nameof(Idempotency), $"is {(int)Idempotency}; it must be NonIdempotent, Idempotent or NoSideEffects.");
        }

        faults.ThrowIfAny();
    }
}
