using System.Globalization;

namespace Net.Perf.Measuring;

/// <summary>What a process, or both together, has used so far.</summary>
/// <param name="CpuNanoseconds">User and system time.</param>
/// <param name="AllocatedBytes">Bytes allocated on the managed heap.</param>
/// <param name="Spans">Spans that were recorded and have ended.</param>
internal readonly record struct ProcessFigures(long CpuNanoseconds, long AllocatedBytes, long Spans)
{
    /// <summary>The figures of this process.</summary>
    /// <param name="spans">Counts its spans.</param>
    internal static ProcessFigures Own(SpanRecorder spans) => new(ProcessClock.Own, GC.GetTotalAllocatedBytes(precise: true), spans.Count);

    /// <summary>Reads what <see cref="ToLine"/> wrote.</summary>
    internal static ProcessFigures Parse(string line)
    {
        string[] fields = line.Split(' ');
        return new ProcessFigures(
            long.Parse(fields[0], CultureInfo.InvariantCulture), long.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[2], CultureInfo.InvariantCulture));
    }

    /// <summary>Writes the figures as one line.</summary>
    internal string ToLine() => string.Create(CultureInfo.InvariantCulture, $"{CpuNanoseconds} {AllocatedBytes} {Spans}");

    public static ProcessFigures operator -(ProcessFigures a, ProcessFigures b) =>
        new(a.CpuNanoseconds - b.CpuNanoseconds, a.AllocatedBytes - b.AllocatedBytes, a.Spans - b.Spans);

    public static ProcessFigures operator +(ProcessFigures a, ProcessFigures b) =>
        new(a.CpuNanoseconds + b.CpuNanoseconds, a.AllocatedBytes + b.AllocatedBytes, a.Spans + b.Spans);
}
