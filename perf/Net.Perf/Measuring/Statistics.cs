namespace Net.Perf.Measuring;

/// <summary>Percentiles of samples.</summary>
internal static class Statistics
{
    /// <summary>The middle value; the samples are sorted in place.</summary>
    internal static double Median(Span<double> samples) => Percentile(samples, 0.5);

    /// <summary>A percentile by linear interpolation; the samples are sorted in place.</summary>
    internal static double Percentile(Span<double> samples, double fraction)
    {
        if (samples.IsEmpty)
        {
            return double.NaN;
        }

        samples.Sort();
        double place = fraction * (samples.Length - 1);
        int low = (int)place;
        int high = Math.Min(low + 1, samples.Length - 1);
        return samples[low] + ((samples[high] - samples[low]) * (place - low));
    }

    /// <summary>A percentile of times in ticks, in microseconds; the ticks are sorted in place.</summary>
    internal static double PercentileMicroseconds(Span<long> ticks, double fraction)
    {
        ticks.Sort();
        return ticks[Math.Min(ticks.Length - 1, (int)(fraction * ticks.Length))] * 1e6 / System.Diagnostics.Stopwatch.Frequency;
    }

    /// <summary>How far apart the middle half of the samples lies, as a part of their median. Fewer than two say nothing of it, and count as 1, the whole.</summary>
    internal static double Spread(ReadOnlySpan<double> samples)
    {
        if (samples.Length < 2)
        {
            return 1;
        }

        double[] copy = samples.ToArray();
        return (Percentile(copy, 0.75) - Percentile(copy, 0.25)) / Percentile(copy, 0.5);
    }
}
