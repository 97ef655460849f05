namespace Net.Hosting.Serving;

/// <summary>What the ready file of <c>net serve</c> holds.</summary>
internal sealed record ReadyReport
{
    public required string Address { get; init; }

    public required int Port { get; init; }

    public required int ProcessId { get; init; }

    public required string Engine { get; init; }

    public required IReadOnlyList<string> Protocols { get; init; }
}
