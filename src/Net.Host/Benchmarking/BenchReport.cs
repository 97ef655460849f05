namespace Net.Hosting.Benchmarking;

/// <summary>What <c>net bench echo --json</c> prints.</summary>
internal sealed record BenchReport
{
    public required string EndPoint { get; init; }

    public required string Engine { get; init; }

    public required int Connections { get; init; }

    public required int StreamsPerConnection { get; init; }

    public required int Bytes { get; init; }

    public required bool NewStreamPerEcho { get; init; }

    public required double Seconds { get; init; }

    public required long Echoes { get; init; }

    public required double EchoesPerSecond { get; init; }

    /// <summary>Payload in each direction, in millions of bytes.</summary>
    public required double MegabytesPerSecond { get; init; }

    /// <summary>CPU time of this process, which is the client's side only.</summary>
    public required double CpuMicrosecondsPerEcho { get; init; }

    /// <summary>Managed memory that this process allocated.</summary>
    public required double AllocatedBytesPerEcho { get; init; }

    public required LatencyReport Latency { get; init; }

    public required LatencyReport Connect { get; init; }

    /// <summary>Failures by their message, the first of them.</summary>
    public required IReadOnlyDictionary<string, long> Errors { get; init; }

    public required long ErrorCount { get; init; }
}
