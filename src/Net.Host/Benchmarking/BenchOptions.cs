using Net.Hosting.Echoing;

namespace Net.Hosting.Benchmarking;

/// <summary>What <c>net bench</c> was told.</summary>
internal sealed record BenchOptions
{
    internal required EchoTarget Target { get; init; }

    internal required BenchService Service { get; init; }

    /// <summary>Calls for each second over all connections, whether earlier ones came back or not; <c>null</c>: each stream waits for its last one.</summary>
    internal int? Rate { get; init; }

    /// <summary>Writes among a hundred queries of AQL.</summary>
    internal int WritePercent { get; init; }

    internal required int Connections { get; init; }

    internal required int Streams { get; init; }

    /// <summary>Echoes to make, unless <see cref="Duration"/> is set.</summary>
    internal required int Count { get; init; }

    internal TimeSpan? Duration { get; init; }

    internal required int Size { get; init; }

    internal required bool NewStream { get; init; }

    internal required int Warmup { get; init; }

    internal required bool Inline { get; init; }

    internal required bool Json { get; init; }
}
