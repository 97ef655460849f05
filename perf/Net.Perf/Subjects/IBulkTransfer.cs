using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>What one transfer took.</summary>
/// <param name="Bytes">Bytes the receiving application got.</param>
/// <param name="Seconds">Wall-clock time.</param>
/// <param name="CpuSeconds">Processor time of both ends.</param>
internal readonly record struct BulkRound(long Bytes, double Seconds, double CpuSeconds)
{
    /// <summary>10^6 bytes in a second.</summary>
    internal double MegabytesPerSecond => Bytes / 1e6 / Seconds;

    /// <summary>Processor seconds for 10^9 bytes.</summary>
    internal double CpuPerGigabyte => CpuSeconds * 1e9 / Bytes;
}

/// <summary>Something that carries many bytes one way.</summary>
internal interface IBulkTransfer : IAsyncDisposable
{
    /// <summary>What it is called in the tables.</summary>
    string Name { get; }

    /// <summary>What the sending end has done so far; zero where that is not known.</summary>
    TrafficCounters Sender => default;

    /// <summary>What the receiving end has done so far; zero where that is not known.</summary>
    TrafficCounters Receiver => default;

    /// <summary>Carries at least that many bytes and says what it took.</summary>
    Task<BulkRound> RunAsync(long bytes);
}
