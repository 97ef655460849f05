namespace Net.Hosting.Asking;

/// <summary>One answer of <c>net aql --json</c>, which prints a list of them.</summary>
internal sealed record AskReport
{
    /// <summary>The query as AQL's text form.</summary>
    public required string Query { get; init; }

    /// <summary>Rows of a read. A value or key that is no text is written as AQL writes bytes: <c>x"00ff"</c>.</summary>
    public IReadOnlyList<AskRow>? Rows { get; init; }

    /// <summary>Whether there are more rows than were asked for with <c>--max-rows</c>.</summary>
    public bool? IsCut { get; init; }

    /// <summary>Rows that a write changed.</summary>
    public ulong? AffectedRows { get; init; }

    public required double Milliseconds { get; init; }
}

/// <summary>One row of an <see cref="AskReport"/>.</summary>
internal sealed record AskRow(string Key, string Value);
