using System.Diagnostics;
using Net.Perf.Measuring;
using Net.Perf.Reporting;

namespace Net.Perf.Channels;

/// <summary>What one small operation costs, repeated on one thread and on many at once.</summary>
internal static class OperationRound
{
    private const int Calls = 200_000;
    private const int Threads = 16;

    /// <summary>Measures an operation and adds its row: processor time and bytes of one, on 1 and on 16 threads.</summary>
    /// <param name="figures">The table.</param>
    /// <param name="name">The operation's name.</param>
    /// <param name="rounds">Rounds; the medians are shown.</param>
    /// <param name="repeat">Does the operation so many times.</param>
    /// <returns>Processor time of one on 1 thread, and its bytes.</returns>
    internal static (double Nanoseconds, double Bytes) Add(FigureTable figures, string name, int rounds, Action<int> repeat)
    {
        for (int i = 0; i < 5; i++)
        {
            // The runtime puts the optimized code in place in the pauses.
            repeat(Calls / 4);
            Thread.Sleep(100);
        }

        (double alone, double bytes) = Measure(rounds, 1, repeat);
        (double crowd, _) = Measure(rounds, Threads, repeat);
        figures.Add(name, Format.Number(alone), Format.Number(crowd), Format.Number(bytes));
        return (alone, bytes);
    }

    internal static IReadOnlyList<string> Columns { get; } = ["what", "CPU ns, 1 thread", $"CPU ns, {Threads} threads", "bytes"];

    private static (double Nanoseconds, double Bytes) Measure(int rounds, int threads, Action<int> repeat)
    {
        var times = new double[rounds];
        var bytes = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            long allocated = GC.GetTotalAllocatedBytes(precise: true);
            long started = ProcessClock.Own;
            if (threads == 1)
            {
                repeat(Calls);
            }
            else
            {
                RunCrowd(threads, repeat);
            }

            times[round] = (double)(ProcessClock.Own - started) / (threads == 1 ? Calls : Calls / threads * threads);
            bytes[round] = (double)(GC.GetTotalAllocatedBytes(precise: true) - allocated) / Calls;
        }

        // A byte here and there belongs to the measurement; what each call allocates is more.
        double each = Statistics.Median(bytes);
        return (Statistics.Median(times), each < 0.5 ? 0 : each);
    }

    private static void RunCrowd(int threads, Action<int> repeat)
    {
        using var start = new Barrier(threads);
        Thread[] crowd = [.. Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            repeat(Calls / threads);
        }))];
        Array.ForEach(crowd, static t => t.Start());
        Array.ForEach(crowd, static t => t.Join());
    }
}
