using System.Runtime.InteropServices;

namespace Net.Perf.Measuring;

/// <summary>What getrusage(2) says, times in microseconds.</summary>
internal readonly unsafe partial record struct ResourceUsage(long UserTime, long SystemTime)
{
    private const int RUSAGE_CHILDREN = -1;
    private const int Longs = 18;

    /// <summary>The child processes that have ended and were waited for.</summary>
    internal static ResourceUsage Children
    {
        get
        {
            // struct rusage on 64-bit Linux: two timevals of two longs, then fourteen longs.
            long* usage = stackalloc long[Longs];
            return GetResourceUsage(RUSAGE_CHILDREN, usage) == 0
                ? new ResourceUsage((usage[0] * 1_000_000) + usage[1], (usage[2] * 1_000_000) + usage[3])
                : throw new InvalidOperationException("getrusage(RUSAGE_CHILDREN) failed.");
        }
    }

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetResourceUsage(int who, long* usage);
}
