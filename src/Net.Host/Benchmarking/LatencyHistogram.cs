using System.Numerics;

namespace Net.Hosting.Benchmarking;

/// <summary>Counts latencies in buckets that grow with their value, so that percentiles of any number of them are exact to 1 % in 18 KB. Thread-safe.</summary>
/// <remarks>Below 128 ns each nanosecond has a bucket; above, each doubling has 64 of equal width, so that a value is off by at most 1/128 of itself.</remarks>
internal sealed class LatencyHistogram
{
    private const int LinearBuckets = 128;
    private const int LinearBits = 7;
    private const int BucketsPerDoubling = 64;
    private const int MaxBits = 40;
    private const long MaxNanoseconds = (1L << MaxBits) - 1;

    private readonly long[] _buckets = new long[LinearBuckets + ((MaxBits - LinearBits) * BucketsPerDoubling)];
    private long _count;
    private long _sum;
    private long _min = long.MaxValue;
    private long _max;

    internal long Count => Interlocked.Read(ref _count);

    internal double ShortestNanoseconds => Count == 0 ? 0 : Interlocked.Read(ref _min);

    internal double LongestNanoseconds => Interlocked.Read(ref _max);

    internal double MeanNanoseconds => Count == 0 ? 0 : (double)Interlocked.Read(ref _sum) / Count;

    /// <summary>Counts one latency. What is beyond 18 minutes counts as that.</summary>
    internal void Record(TimeSpan latency) => Record((long)latency.TotalNanoseconds);

    /// <summary>Counts one latency.</summary>
    internal void Record(long nanoseconds)
    {
        long value = Math.Clamp(nanoseconds, 0, MaxNanoseconds);
        Interlocked.Increment(ref _buckets[GetBucket(value)]);
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _sum, value);
        for (long min = Interlocked.Read(ref _min); value < min; min = Interlocked.Read(ref _min))
        {
            Interlocked.CompareExchange(ref _min, value, min);
        }

        for (long max = Interlocked.Read(ref _max); value > max; max = Interlocked.Read(ref _max))
        {
            Interlocked.CompareExchange(ref _max, value, max);
        }
    }

    /// <summary>Adds all that another histogram counted.</summary>
    internal void Add(LatencyHistogram other)
    {
        for (int i = 0; i < _buckets.Length; i++)
        {
            Interlocked.Add(ref _buckets[i], Interlocked.Read(ref other._buckets[i]));
        }

        Interlocked.Add(ref _count, other.Count);
        Interlocked.Add(ref _sum, Interlocked.Read(ref other._sum));
        _min = Math.Min(_min, other._min);
        _max = Math.Max(_max, other._max);
    }

    /// <summary>The latency that a share of all stayed within.</summary>
    /// <param name="share">Above 0 to 1.</param>
    /// <returns>Nanoseconds; 0 when nothing was counted.</returns>
    internal double GetPercentile(double share)
    {
        long wanted = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (int i = 0; i < _buckets.Length; i++)
        {
            seen += Interlocked.Read(ref _buckets[i]);
            if (seen >= wanted)
            {
                (double from, double to) = GetRange(i);
                return Math.Clamp((from + to) / 2, ShortestNanoseconds, LongestNanoseconds);
            }
        }

        return LongestNanoseconds;
    }

    /// <summary>The counts in at most so many ranges of growing width, from the shortest to the longest latency seen.</summary>
    /// <param name="rows">How many ranges.</param>
    /// <returns>Ranges in nanoseconds with their counts; empty when nothing was counted.</returns>
    internal IReadOnlyList<(double From, double To, long Count)> GetRows(int rows)
    {
        if (Count == 0)
        {
            return [];
        }

        int first = GetBucket(Interlocked.Read(ref _min));
        int last = GetBucket(Interlocked.Read(ref _max));
        int width = ((last - first) / rows) + 1;
        List<(double From, double To, long Count)> result = [];
        for (int i = first; i <= last; i += width)
        {
            int end = Math.Min(i + width, last + 1);
            long count = 0;
            for (int bucket = i; bucket < end; bucket++)
            {
                count += Interlocked.Read(ref _buckets[bucket]);
            }

            result.Add((GetRange(i).From, GetRange(end - 1).To, count));
        }

        return result;
    }

    private static int GetBucket(long nanoseconds)
    {
        if (nanoseconds < LinearBuckets)
        {
            return (int)nanoseconds;
        }

        int exponent = BitOperations.Log2((ulong)nanoseconds);
        int within = (int)(nanoseconds >> (exponent - 6)) - BucketsPerDoubling;
        return LinearBuckets + ((exponent - LinearBits) * BucketsPerDoubling) + within;
    }

    private static (double From, double To) GetRange(int bucket)
    {
        if (bucket < LinearBuckets)
        {
            return (bucket, bucket + 1);
        }

        int exponent = LinearBits + ((bucket - LinearBuckets) / BucketsPerDoubling);
        long step = 1L << (exponent - 6);
        long from = (BucketsPerDoubling + ((bucket - LinearBuckets) % BucketsPerDoubling)) * step;
        return (from, from + step);
    }
}
