using Net.Hosting.Benchmarking;

namespace Net.Hosting.Echoing;

/// <summary>What <c>net echo --json</c> prints.</summary>
internal sealed record EchoReport
{
    public required string EndPoint { get; init; }

    public required string Engine { get; init; }

    public required string Route { get; init; }

    public required int Bytes { get; init; }

    public required double ConnectMilliseconds { get; init; }

    public required string? CipherSuite { get; init; }

    public required string? ServerCertificate { get; init; }

    /// <summary>What came back, when it is text of at most 4,096 bytes.</summary>
    public string? Answer { get; init; }

    public required LatencyReport RoundTrips { get; init; }
}
