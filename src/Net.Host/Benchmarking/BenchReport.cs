namespace Net.Hosting.Benchmarking;

/// <summary>What <c>net bench --json</c>; an echo is a call of whatever was measured prints.</summary>
internal sealed record BenchReport
{
    public required string EndPoint { get; init; }

    /// <summary><c>raw echo</c>, <c>grpc echo</c> or <c>aql</c>.</summary>
    public required string Service { get; init; }

    /// <summary>The engine of raw streams; for calls the version of HTTP and its engine.</summary>
    public required string Engine { get; init; }

    /// <summary>Calls that were asked for each second; absent in a closed loop. Latencies count from when a call was due then.</summary>
    public int? RatePerSecond { get; init; }

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
