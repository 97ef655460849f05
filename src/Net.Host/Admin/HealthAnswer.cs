namespace Net.Hosting.Admin;

/// <summary>What <c>net health --json</c> prints.</summary>
internal sealed record HealthAnswer
{
    public required string Url { get; init; }

    public required bool IsHealthy { get; init; }

    /// <summary>The HTTP status; absent when there was no answer.</summary>
    public int? HttpStatus { get; init; }

    public double? Milliseconds { get; init; }

    /// <summary>What the server says of itself, when it is a server of ours.</summary>
    public HealthReport? Server { get; init; }

    /// <summary>Why it is not healthy.</summary>
    public string? Reason { get; init; }
}
