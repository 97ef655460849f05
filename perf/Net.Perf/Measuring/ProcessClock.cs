using System.Globalization;

namespace Net.Perf.Measuring;

/// <summary>Processor time of this process and of others, in nanoseconds.</summary>
internal static partial class ProcessClock
{
    /// <summary>User and system time of all threads of this process so far.</summary>
    internal static long Own => (long)Environment.CpuUsage.TotalTime.TotalNanoseconds;

    /// <summary>User and system time of the child processes that have ended and were waited for.</summary>
    internal static long EndedChildren => (ResourceUsage.Children.UserTime + ResourceUsage.Children.SystemTime) * 1000;

    /// <summary>Time that the threads of a running process have spent on a processor. The scheduler counts it in nanoseconds.</summary>
    /// <param name="processId">The process.</param>
    internal static long Of(int processId)
    {
        long total = 0;
        foreach (string thread in Directory.GetDirectories($"/proc/{processId}/task"))
        {
            string[] fields = File.ReadAllText(Path.Combine(thread, "schedstat")).Split(' ');
            total += long.Parse(fields[0], CultureInfo.InvariantCulture);
        }

        return total;
    }

    /// <summary>Resident memory of this process, bytes.</summary>
    internal static long ResidentBytes
    {
        get
        {
            string[] fields = File.ReadAllText("/proc/self/statm").Split(' ');
            return long.Parse(fields[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        }
    }
}
