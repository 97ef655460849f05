namespace Net.Chaos.Proxy;

/// <summary>Counts the faults of one toxic, for each direction and kind. Any thread may count and read.</summary>
internal sealed class FaultCounters
{
    private static readonly int KindCount = Enum.GetValues<FaultKind>().Length;
    private readonly long[] _counts = new long[2 * KindCount];
    private readonly long[] _before = new long[2 * KindCount];

    internal void Add(ToxicStream stream, FaultKind kind, long count = 1) => Interlocked.Add(ref _counts[IndexOf(stream, kind)], count);

    internal long Read(ToxicStream stream, FaultKind kind) => Interlocked.Read(ref _counts[IndexOf(stream, kind)]);

    /// <summary>Also counts what an earlier toxic of the same name and type did, so that the metric never falls.</summary>
    internal long ReadTotal(ToxicStream stream, FaultKind kind) => Read(stream, kind) + _before[IndexOf(stream, kind)];

    /// <summary>Takes over the totals of an earlier toxic. Called before anyone reads.</summary>
    internal void Continue(FaultCounters earlier)
    {
        for (int i = 0; i < _before.Length; i++)
        {
            _before[i] = earlier._before[i] + Interlocked.Read(ref earlier._counts[i]);
        }
    }

    /// <summary>Both directions together.</summary>
    internal long Read(FaultKind kind) => Read(ToxicStream.Upstream, kind) + Read(ToxicStream.Downstream, kind);

    private static int IndexOf(ToxicStream stream, FaultKind kind) => ((int)stream * KindCount) + (int)kind;
}
