namespace Net.Perf.Sections;

/// <summary>What the command line asks of a section.</summary>
/// <param name="Pairs">Rounds of each side.</param>
/// <param name="Echoes">Echoes in a round.</param>
/// <param name="Megabytes">Size of a transfer.</param>
/// <param name="Handshakes">Handshakes in a round.</param>
/// <param name="Count">Idle connections.</param>
/// <param name="IsLong">Whether to do what takes minutes.</param>
/// <param name="Budget">No new round of a comparison begins after this time.</param>
internal sealed record RunOptions(int Pairs, int Echoes, int Megabytes, int Handshakes, int Count, bool IsLong, TimeSpan Budget)
{
    /// <summary>Calls before anything is measured: by then the hot code is compiled for good.</summary>
    internal const int WarmUp = 20_000;
}
