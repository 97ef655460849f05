namespace Net.Hosting.Benchmarking;

/// <summary>Latencies as JSON shows them, microseconds.</summary>
internal sealed record LatencyReport
{
    public required long Count { get; init; }

    public required double MinMicroseconds { get; init; }

    public required double MeanMicroseconds { get; init; }

    public required double P50Microseconds { get; init; }

    public required double P90Microseconds { get; init; }

    public required double P99Microseconds { get; init; }

    public required double P999Microseconds { get; init; }

    public required double MaxMicroseconds { get; init; }

    internal static LatencyReport From(LatencyHistogram histogram) => new()
    {
        Count = histogram.Count,
        MinMicroseconds = Round(histogram.ShortestNanoseconds),
        MeanMicroseconds = Round(histogram.MeanNanoseconds),
        P50Microseconds = Round(histogram.GetPercentile(0.50)),
        P90Microseconds = Round(histogram.GetPercentile(0.90)),
        P99Microseconds = Round(histogram.GetPercentile(0.99)),
        P999Microseconds = Round(histogram.GetPercentile(0.999)),
        MaxMicroseconds = Round(histogram.LongestNanoseconds),
    };

    private static double Round(double nanoseconds) => Math.Round(nanoseconds / 1000, 3);
}
