using Spectre.Console;

namespace Net.Perf.Reporting;

/// <summary>Shows a report on the console.</summary>
internal static class ConsoleReport
{
    // Wide enough for every table: a narrow terminal wraps lines, which reads better than cells that wrap.
    private const int Width = 240;

    /// <summary>Shows the tables, the goals, and what the figures depend on.</summary>
    internal static void Write(Report report, IEnumerable<string> facts)
    {
        AnsiConsole.Profile.Width = Width;
        foreach (FigureTable figures in report.Tables)
        {
            var table = new Table { Border = TableBorder.Simple, Title = new TableTitle(Markup.Escape(figures.Title)) };
            AddColumns(table, figures.Columns);
            foreach (string[] row in figures.Rows)
            {
                table.AddRow(row.Select(Markup.Escape).ToArray());
            }

            AnsiConsole.Write(table);
            foreach (string note in figures.Notes)
            {
                AnsiConsole.WriteLine("  " + note);
            }

            AnsiConsole.WriteLine();
        }

        if (report.Standings.Count > 0)
        {
            var table = new Table { Border = TableBorder.Simple, Title = new TableTitle("Goals") };
            AddColumns(table, GoalTable.Columns);
            foreach (string[] row in GoalTable.Rows(report))
            {
                table.AddRow(row.Select(Markup.Escape).ToArray());
            }

            AnsiConsole.Write(table);
        }

        foreach (string fact in facts)
        {
            AnsiConsole.WriteLine(fact);
        }
    }

    private static void AddColumns(Table table, IReadOnlyList<string> columns)
    {
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap());
        }
    }
}
