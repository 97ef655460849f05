using System.Globalization;

namespace Net.Chaos.Simulation;

/// <summary>What happened, in order: a hash of all of it, and the lines themselves when somebody wants to read them.</summary>
/// <param name="clock">Each entry has its time.</param>
/// <param name="keepsLines">Whether lines are kept.</param>
internal sealed class SimulationTrace(SimulationClock clock, bool keepsLines)
{
    private const ulong Prime = 0x100000001b3;
    private readonly List<string> _lines = [];
    private bool _isClosed;

    /// <summary>The same when, and only when, the same happened at the same times (FNV-1a).</summary>
    internal ulong Hash { get; private set; } = 0xcbf29ce484222325;

    internal IReadOnlyList<string> Lines => _lines;

    internal void Note(string what, long who = 0, string detail = "")
    {
        if (_isClosed)
        {
            return;
        }

        Add(clock.Elapsed.Ticks);
        Add(what);
        Add(who);
        Add(detail);
        if (keepsLines)
        {
            _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,10:0.000000} {what} {who} {detail}").TrimEnd());
        }
    }

    /// <summary>Takes no more.</summary>
    internal void Close() => _isClosed = true;

    private void Add(string text)
    {
        foreach (char c in text)
        {
            Hash = (Hash ^ c) * Prime;
        }
    }

    private void Add(long value) => Hash = (Hash ^ (ulong)value) * Prime;
}
