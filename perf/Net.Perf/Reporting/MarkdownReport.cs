using System.Text;

namespace Net.Perf.Reporting;

/// <summary>Writes a report as Markdown.</summary>
internal static class MarkdownReport
{
    /// <summary>Makes the text.</summary>
    /// <param name="report">What was found.</param>
    /// <param name="facts">What the figures depend on, a line each: command, machine, date.</param>
    internal static string Format(Report report, IEnumerable<string> facts)
    {
        var text = new StringBuilder();
        text.Append("# Measurements\n\nWritten by the program from one run; README.md beside it says what each figure means. Do not edit.\n\n");
        foreach (string line in facts)
        {
            text.Append("- ").Append(line).Append('\n');
        }

        if (report.Standings.Count > 0)
        {
            text.Append("\n## Goals\n\nmet: the aim is reached; must: what must be is reached, the aim is not; missed: neither; not sure: the A/A spread is over 5 %, so that nothing is claimed.\n\n");
            AppendTable(text, GoalTable.Columns, GoalTable.Rows(report));
        }

        foreach (FigureTable table in report.Tables)
        {
            text.Append("\n## ").Append(table.Title).Append("\n\n");
            AppendTable(text, table.Columns, table.Rows);
            foreach (string note in table.Notes)
            {
                text.Append("\n- ").Append(note);
            }

            text.Append(table.Notes.Count > 0 ? "\n" : "");
        }

        return text.ToString();
    }

    private static void AppendTable(StringBuilder text, IReadOnlyList<string> columns, IEnumerable<string[]> rows)
    {
        AppendRow(text, columns);
        AppendRow(text, columns.Select(static _ => "---"));
        foreach (string[] row in rows)
        {
            AppendRow(text, row);
        }
    }

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells.Select(static c => c.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
}
