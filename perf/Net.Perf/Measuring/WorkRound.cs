using System.Diagnostics;

namespace Net.Perf.Measuring;

/// <summary>One round of equal pieces of work, both ends, for each piece in microseconds.</summary>
/// <param name="Cpu">Processor time.</param>
/// <param name="Time">Wall-clock time.</param>
internal readonly record struct WorkRound(double Cpu, double Time)
{
    /// <summary>Measures a round.</summary>
    /// <param name="pieces">How many pieces the work has.</param>
    /// <param name="work">Does them all.</param>
    internal static async Task<WorkRound> MeasureAsync(int pieces, Func<Task> work)
    {
        long cpu = ProcessClock.Own;
        long started = Stopwatch.GetTimestamp();
        await work().ConfigureAwait(false);
        double time = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        return new WorkRound((ProcessClock.Own - cpu) / 1000.0 / pieces, time / pieces);
    }
}
