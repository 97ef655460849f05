namespace Net.Perf.Reporting;

/// <summary>The summary: each goal with what was measured.</summary>
internal static class GoalTable
{
    internal static IReadOnlyList<string> Columns { get; } = ["row", "what", "must", "aim", "placement", "measured", "verdict", "A/A spread", "note"];

    internal static IEnumerable<string[]> Rows(Report report)
    {
        foreach (Goal goal in Goal.All)
        {
            foreach (Standing standing in report.Standings.Where(s => s.Row == goal.Row))
            {
                yield return
                [
                    goal.Row, goal.What, Limit(goal, goal.Must), Limit(goal, goal.Aim), standing.Placement,
                    Format.Number(standing.Measured, 2), goal.Judge(standing.Measured, standing.Noise), standing.Noise is { } noise ? Format.Percent(noise) : "-",
                    standing.Note,
                ];
            }
        }
    }

    private static string Limit(Goal goal, double? limit) =>
        limit is not { } value ? "-" : (goal.HigherIsBetter ? ">= " : "<= ") + value.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture);
}
