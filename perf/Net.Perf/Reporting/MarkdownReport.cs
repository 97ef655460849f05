using System.Text;

namespace Net.Perf.Reporting;

/// <summary>Writes a report as Markdown.</summary>
internal static class MarkdownReport
{
    internal static void Write(string path, Report report, string command)
    {
        var text = new StringBuilder();
        text.Append("# Measurements\n\nWritten by the program from one run; README.md beside it says what each figure means. Do not edit.\n\n");
        text.Append("- Command: `").Append(command).Append("`\n");
        foreach (string line in Measuring.MachineFacts.Lines())
        {
            text.Append("- ").Append(line).Append('\n');
        }

        if (report.Standings.Count > 0)
        {
            text.Append("\n## Goals\n\n");
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

        File.WriteAllText(path, text.ToString());
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
