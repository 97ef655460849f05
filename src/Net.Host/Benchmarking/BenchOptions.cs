using Net.Hosting.Echoing;

namespace Net.Hosting.Benchmarking;

/// <summary>What <c>net bench echo</c> was told.</summary>
internal sealed record BenchOptions
{
    internal required EchoTarget Target { get; init; }

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
