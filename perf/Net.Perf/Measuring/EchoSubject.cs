namespace Net.Perf.Measuring;

/// <summary>Something that can send 64 bytes to another end and get them back.</summary>
internal abstract class EchoSubject(string name) : IAsyncDisposable
{
    /// <summary>Bytes of one echo.</summary>
    internal const int PayloadBytes = 64;

    /// <summary>What it is called in the tables.</summary>
    internal string Name { get; } = name;

    /// <summary>Does echoes one after the other and returns when all are back.</summary>
    /// <param name="ticks">Takes the time of each, in <see cref="System.Diagnostics.Stopwatch"/> ticks; its length is how many to do.</param>
    internal abstract void Run(long[] ticks);

    /// <summary>What both ends have sent and asked of the kernel so far.</summary>
    internal virtual TrafficCounters Traffic => default;

    public abstract ValueTask DisposeAsync();
}
