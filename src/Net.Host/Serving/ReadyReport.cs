namespace Net.Hosting.Serving;

/// <summary>What the ready file of <c>net serve</c> holds.</summary>
internal sealed record ReadyReport
{
    public required string Address { get; init; }

    public required int Port { get; init; }

    public required int ProcessId { get; init; }

    /// <summary>The QUIC engine; absent when none runs and only TCP is served.</summary>
    public string? Engine { get; init; }

    public required IReadOnlyList<string> Protocols { get; init; }

    /// <summary>Where health and metrics are; absent when they are switched off.</summary>
    public string? Admin { get; init; }
}
