namespace Net.Perf.Reporting;

/// <summary>A table of figures as it is shown.</summary>
internal sealed record FigureTable(string Title, IReadOnlyList<string> Columns)
{
    /// <summary>The rows, one cell for each column.</summary>
    public List<string[]> Rows { get; init; } = [];

    /// <summary>What the reader has to know of the figures.</summary>
    public List<string> Notes { get; init; } = [];

    internal void Add(params string[] cells) => Rows.Add(cells);
}

/// <summary>A measured value of a goal.</summary>
/// <param name="Row">Which goal.</param>
/// <param name="Measured">The value.</param>
/// <param name="Placement">On which cores the ends ran.</param>
/// <param name="Note">Which variant it is.</param>
/// <param name="Noise">The spread of a comparison of the yardstick with itself in the same run; <c>null</c> for what is counted.</param>
internal sealed record Standing(string Row, double Measured, string Placement, string Note, double? Noise);

/// <summary>What one run of the program found.</summary>
internal sealed record Report
{
    public List<FigureTable> Tables { get; init; } = [];

    public List<Standing> Standings { get; init; } = [];

    internal void Add(Report other)
    {
        Tables.AddRange(other.Tables);
        Standings.AddRange(other.Standings);
    }

    internal void Stand(string row, double measured, string note, double? noise = null) =>
        Standings.Add(new Standing(row, measured, Measuring.Pinning.Describe(), note, noise));
}
