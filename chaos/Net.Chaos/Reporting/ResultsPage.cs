using System.Globalization;
using System.Text;

namespace Net.Chaos.Reporting;

/// <summary>Writes the table of results that is kept beside the scenarios, as Markdown.</summary>
internal static class ResultsPage
{
    internal static string Write(IReadOnlyList<ReportModel> reports)
    {
        var text = new StringBuilder("""
            # Results of the scenarios

            Written by `net-chaos run --results`; do not edit. N1 to N6 are explained in [README.md](README.md); `proof` says that a fault really happened.


            """);
        if (reports.Count == 0)
        {
            return text.Append("No scenario was run.\n").ToString();
        }

        MachineModel machine = reports[0].Machine;
        text.Append(CultureInfo.InvariantCulture, $"Machine: {machine.System}, {machine.Framework}, {machine.Cores} cores, {machine.MemoryBytes >> 20} MiB. {reports[0].StartedAt:yyyy-MM-dd HH:mm} UTC. ");
        text.Append(CultureInfo.InvariantCulture, $"{reports.Count(static r => r.Passed)} of {reports.Count} scenarios passed.\n\n| row | scenario | bound | measured | seed | result | reason |\n|---|---|---|---|---|---|---|\n");
        foreach (ReportModel report in reports.OrderBy(static r => r.Rows.DefaultIfEmpty(int.MaxValue).Min()).ThenBy(static r => r.Scenario, StringComparer.Ordinal))
        {
            string head = string.Create(CultureInfo.InvariantCulture, $"| {string.Join(", ", report.Rows)} | {Escape(report.Scenario)} |");
            if (report.Failure is { } failure)
            {
                text.Append(CultureInfo.InvariantCulture, $"{head} | | {report.Seed} | FAIL | could not be run: {Escape(failure)} |\n");
            }

            foreach (FindingModel finding in report.Findings)
            {
                string bound = char.IsAsciiLetterUpper(finding.Rule[0]) || finding.Rule == "proof" ? $"{finding.Rule}: {finding.Text}" : finding.Text;
                text.Append(CultureInfo.InvariantCulture, $"{head} {Escape(bound)} | {Escape(finding.Measured)} | {report.Seed} | {(finding.Holds ? "pass" : "FAIL")} | {(finding.Holds ? "" : Escape(ReasonOf(report)))} |\n");
            }
        }

        return text.ToString();
    }

    // What most of the calls that went wrong say is the nearest to a reason that a tool can know.
    private static string ReasonOf(ReportModel report) => report.BadCalls.Count == 0
        ? ""
        : report.BadCalls.GroupBy(static c => c.Detail).MaxBy(static g => g.Count()) is { } most
            ? string.Create(CultureInfo.InvariantCulture, $"{most.Count()} calls: {most.Key}")
            : "";

    private static string Escape(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
