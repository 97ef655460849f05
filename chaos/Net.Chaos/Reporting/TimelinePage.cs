using System.Globalization;
using System.Net;
using System.Text;

namespace Net.Chaos.Reporting;

/// <summary>Writes runs as one HTML file without anything else to load: what was found, and a timeline for each host with the faults behind it.</summary>
internal static class TimelinePage
{
    private const int Width = 960;
    private const int Left = 64;
    private const int Lane = 92;
    private const int Gap = 22;

    private const string Head = """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Chaos runs</title><style>
        :root{color-scheme:light dark;--ink:#1c2530;--dim:#667;--paper:#fff;--line:#d5dae0;--ok:#2f8f5b;--bad:#c8372d;--odd:#d98a00;--slow:#3b6fb5;--fault:#c8372d22}
        @media(prefers-color-scheme:dark){:root{--ink:#e4e8ec;--dim:#9aa4af;--paper:#14191f;--line:#333c46;--fault:#ff6a5e2b}}
        body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1040px;margin:2rem auto;padding:0 1rem}
        h2{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:1.5rem}.pass{color:var(--ok)}.fail{color:var(--bad)}small,.dim{color:var(--dim)}
        table{border-collapse:collapse;width:100%;font-size:14px}td,th{border-bottom:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top}
        svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:var(--dim)}code{background:#8882;padding:.1rem .3rem;border-radius:3px;overflow-wrap:anywhere}
        </style></head><body><h1>Chaos runs</h1>

        """;

    internal static string Write(IReadOnlyList<ReportModel> reports)
    {
        var page = new StringBuilder(Head);
        page.Append(CultureInfo.InvariantCulture, $"<p>{reports.Count(static r => r.Passed)} of {reports.Count} scenarios passed.</p>\n");
        foreach (ReportModel report in reports)
        {
            WriteRun(page, report);
        }

        return page.Append("</body></html>\n").ToString();
    }

    private static void WriteRun(StringBuilder page, ReportModel report)
    {
        string verdict = report.Passed ? "<span class=\"pass\">passed</span>" : "<span class=\"fail\">failed</span>";
        page.Append(CultureInfo.InvariantCulture, $"<section><h2>{Text(report.Scenario)}: {verdict}</h2><p>{Text(report.About)} <span class=\"dim\">{(report.Rows.Count > 0 ? "Rows " + string.Join(", ", report.Rows) + ". " : "")}Seed {report.Seed}, {report.StartedAt:u}, {report.Machine.Cores} cores.</span></p>\n");
        page.Append(CultureInfo.InvariantCulture, $"<p>Repeat it: <code>{Text(report.Command)}</code></p>\n");
        if (report.Failure is { } failure)
        {
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"fail\">It could not be run: {Text(failure)}</p>\n");
        }

        WriteTimeline(page, report);
        WriteClients(page, report.Clients);
        page.Append("<table><tr><th></th><th>what must hold</th><th>measured</th></tr>\n");
        foreach (FindingModel finding in report.Findings)
        {
            string mark = finding.Holds ? "<span class=\"pass\">holds</span>" : "<span class=\"fail\">does not</span>";
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{mark}</td><td><b>{Text(finding.Rule)}</b> {Text(finding.Text)}</td><td>{Text(finding.Measured)}</td></tr>\n");
        }

        page.Append("</table>\n");
        if (report.BadCalls.Count > 0)
        {
            page.Append(CultureInfo.InvariantCulture, $"<details><summary>{report.BadCalls.Count} calls that did not succeed</summary><table><tr><th>s</th><th>call</th><th>outcome</th><th>why</th></tr>\n");
            foreach (BadCallModel call in report.BadCalls)
            {
                page.Append(CultureInfo.InvariantCulture, $"<tr><td>{call.Began:0.000} to {call.Ended:0.000}</td><td>{Text(call.Client)} {Text(call.Load)} <small>{call.Id}</small></td><td>{call.Result}, {call.Attempts} attempts{(call.Host is null ? "" : ", " + Text(call.Host))}</td><td>{Text(call.Detail)}</td></tr>\n");
            }

            page.Append("</table></details>\n");
        }

        page.Append("</section>\n");
    }

    private static void WriteClients(StringBuilder page, IReadOnlyList<ClientModel> clients)
    {
        if (clients.Count == 0)
        {
            return;
        }

        page.Append("<table><tr><th>client</th><th>balancing</th><th>successes</th><th>mean</th><th>p50</th><th>p90</th><th>p99, ms</th></tr>\n");
        foreach (ClientModel client in clients)
        {
            string hosts = string.Join(", ", client.Hosts.Select(static h => string.Create(CultureInfo.InvariantCulture, $"{h.Key} {h.Value}")));
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(client.Client)}</td><td>{Text(client.Balancing)}</td><td>{client.Ok} <small>{Text(hosts)}</small></td><td>{client.Mean * 1000:0.0}</td><td>{client.Median * 1000:0.0}</td><td>{client.Ninth * 1000:0.0}</td><td>{client.Slowest * 1000:0.0}</td></tr>\n");
        }

        page.Append("</table>\n");
    }

    private static void WriteTimeline(StringBuilder page, ReportModel report)
    {
        if (report.Seconds.Count == 0)
        {
            return;
        }

        string[] hosts = [.. report.Seconds.Select(static s => s.Host).Distinct().Order(StringComparer.Ordinal)];
        int last = Math.Max(report.Seconds.Max(static s => s.Second) + 1, (int)Math.Ceiling(report.Faults.Select(static f => f.Ended).DefaultIfEmpty(0).Max()));
        double step = (double)(Width - Left - 8) / last;
        int height = Gap + (hosts.Length * (Lane + Gap)) + Gap;
        double most = report.Seconds.Max(static s => s.Ok + s.Refused + s.Failed + s.Unknown);
        double slowest = Math.Max(0.001, report.Seconds.Max(static s => s.Slowest ?? 0));
        page.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-label=\"Calls and faults over time\">\n");
        foreach (FaultModel fault in report.Faults)
        {
            double width = Math.Max(2, (fault.Ended - fault.Began) * step);
            page.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Left + (fault.Began * step):0.#}\" y=\"{Gap - 6}\" width=\"{width:0.#}\" height=\"{height - (2 * Gap) + 6}\" fill=\"var(--fault)\"><title>{Text(fault.Word)} {Text(fault.Target)}: {fault.Began:0.00} s to {fault.Ended:0.00} s, {fault.Proof} {Text(fault.ProofOf)}</title></rect>\n");
        }

        for (int i = 0; i < hosts.Length; i++)
        {
            int bottom = Gap + ((i + 1) * Lane) + (i * Gap);
            page.Append(CultureInfo.InvariantCulture, $"<text x=\"4\" y=\"{bottom - (Lane / 2)}\">{Text(hosts[i])}</text><line x1=\"{Left}\" x2=\"{Width - 8}\" y1=\"{bottom}\" y2=\"{bottom}\" stroke=\"var(--line)\"/>\n");
            WriteLane(page, [.. report.Seconds.Where(s => s.Host == hosts[i])], bottom, step, most, slowest);
        }

        int mark = Math.Max(1, last / 12);
        for (int second = 0; second <= last; second += mark)
        {
            page.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left + (second * step):0.#}\" y=\"{height - 6}\">{second} s</text>");
        }

        page.Append(CultureInfo.InvariantCulture, $"</svg>\n<p class=\"dim\">Bars: calls that ended in a second (at most {most:0}), <span class=\"pass\">successes</span> below, refused in yellow, <span class=\"fail\">failed and unknown</span> above. Blue line: the 99th percentile of latency, up to {slowest * 1000:0.#} ms. Red bands: faults.</p>\n");
    }

    private static void WriteLane(StringBuilder page, IReadOnlyList<SecondModel> seconds, int bottom, double step, double most, double slowest)
    {
        var line = new StringBuilder();
        foreach (SecondModel second in seconds)
        {
            double x = Left + (second.Second * step);
            double y = bottom;
            foreach ((int count, string colour, string word) in ((int, string, string)[])[(second.Ok, "ok", "successes"), (second.Refused, "odd", "refused"), (second.Failed + second.Unknown, "bad", "failed or unknown")])
            {
                if (count > 0)
                {
                    // One failure among thousands must be seen, too.
                    double height = Math.Max(2, Lane * count / most);
                    y -= height;
                    page.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{Math.Max(1, step - 1):0.#}\" height=\"{height:0.#}\" fill=\"var(--{colour})\"><title>second {second.Second}: {count} {word}</title></rect>");
                }
            }

            if (second.Slowest is { } slow)
            {
                line.Append(CultureInfo.InvariantCulture, $"{x + (step / 2):0.#},{bottom - (Lane * slow / slowest):0.#} ");
            }
        }

        page.Append(CultureInfo.InvariantCulture, $"\n<polyline points=\"{line}\" fill=\"none\" stroke=\"var(--slow)\" stroke-width=\"1.5\"/>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
