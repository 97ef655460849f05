namespace Net.Perf.Sections;

/// <summary>What the command line asks of a section.</summary>
/// <param name="Pairs">Rounds of each side.</param>
/// <param name="Echoes">Echoes in a round.</param>
/// <param name="Megabytes">Size of a transfer.</param>
/// <param name="Handshakes">Handshakes in a round.</param>
/// <param name="Count">Idle connections.</param>
/// <param name="IsLong">Whether to do what takes minutes.</param>
/// <param name="Only">Subjects to measure, by a part of their name; <c>null</c> for all.</param>
/// <param name="Budget">No new round of a comparison begins after this time.</param>
internal sealed record RunOptions(int Pairs, int Echoes, int Megabytes, int Handshakes, int Count, bool IsLong, string? Only, TimeSpan Budget)
{
    /// <summary>Calls of one warm-up round, and pauses between rounds in which the runtime can put the optimized code in place: it waits for a quiet moment to do so.</summary>
    internal const int WarmUpCalls = 25_000;

    private const int WarmUpRounds = 4;
    private static readonly TimeSpan WarmUpPause = TimeSpan.FromMilliseconds(300);

    /// <summary>Runs something until its code is compiled for good.</summary>
    internal static async Task WarmUpAsync(Func<Task> round)
    {
        for (int i = 0; i < WarmUpRounds; i++)
        {
            await round().ConfigureAwait(false);
            await Task.Delay(WarmUpPause).ConfigureAwait(false);
        }
    }

    /// <summary>Whether a subject is to be measured.</summary>
    internal bool Wants(string name) => Only is null || name.Contains(Only, StringComparison.OrdinalIgnoreCase);
}
