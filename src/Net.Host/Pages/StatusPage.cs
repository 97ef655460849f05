using System.Globalization;
using Net.Hosting.Serving;

namespace Net.Hosting.Pages;

/// <summary>The page for a person: no script, nothing from elsewhere, light or dark as the reader's system is.</summary>
internal static class StatusPage
{
    private const string Style = """
        :root { color-scheme: light dark; --line: #8884; --soft: #8881; --quiet: light-dark(#555, #aaa); --accent: light-dark(#0a6ebd, #6cb8f6); --warn: light-dark(#9a4b00, #ffb454); }
        body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 60rem; }
        h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
        p { margin: .3rem 0; } .quiet { color: var(--quiet); } .warn { color: var(--warn); font-weight: 600; } .state { color: var(--accent); font-weight: 600; }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        th { font-weight: 600; color: var(--quiet); white-space: nowrap; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
        code, pre { font: .9em/1.5 ui-monospace, monospace; } pre { background: var(--soft); border-radius: .4rem; padding: .7rem 1rem; overflow-x: auto; }
        """;

    internal static string Render(StatusReport report)
    {
        var html = new HtmlText();
        html.Add($"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>net {report.Version}</title>\n");
        html.AddMarkup("<style>\n").AddMarkup(Style).AddMarkup("\n</style></head><body>\n");
        html.Add($"<h1>net {report.Version}</h1>\n<p><span class=\"state\">{report.Status}</span> <span class=\"quiet\">for {FormatTime(TimeSpan.FromSeconds(report.Totals.UptimeSeconds))}, on {report.Runtime}. You came over {report.You}.</span></p>\n");
        AddServed(html, report);
        AddCertificate(html, report);
        AddActivity(html, report);
        AddConnections(html, report);
        html.AddMarkup("<h2>Call it</h2>\n<pre>");
        foreach (string example in report.Examples)
        {
            html.Add($"{example}\n");
        }

        return html.AddMarkup("</pre>\n<p class=\"quiet\">The same as data: <code>accept: application/json</code>.</p>\n</body></html>\n").ToString();
    }

    private static void AddServed(HtmlText html, StatusReport report)
    {
        html.AddMarkup("<h2>Served here</h2>\n");
        if (report.MissingEngine is string missing)
        {
            html.Add($"<p class=\"warn\">No QUIC engine runs here, so HTTP/3 and raw streams over QUIC are not served.</p>\n<pre>{missing}</pre>\n");
        }

        html.AddMarkup("<div class=\"scroll\"><table>\n");
        foreach (ServedPort port in report.Ports)
        {
            html.Add($"<tr><th>{port.Transport} {port.Address}</th><td>{string.Join(", ", port.Protocols)}{(port.Transport == "UDP" ? $" on engine {report.Engine}" : "")}</td></tr>\n");
        }

        if (report.RawStreams.Count > 0)
        {
            html.Add($"<tr><th>raw streams</th><td>{string.Join(", ", report.RawStreams)}</td></tr>\n");
        }

        foreach ((string service, IReadOnlyList<string> methods) in report.Services)
        {
            html.Add($"<tr><th>gRPC {service}</th><td>{string.Join(", ", methods)}</td></tr>\n");
        }

        html.AddMarkup("</table></div>\n");
    }

    private static void AddCertificate(HtmlText html, StatusReport report)
    {
        ServedCertificate certificate = report.Certificate;
        html.AddMarkup("<h2>Certificate</h2>\n<div class=\"scroll\"><table>\n");
        html.Add($"<tr><th>subject</th><td>{certificate.Subject}</td></tr>\n<tr><th>names</th><td>{string.Join(", ", certificate.Names)}</td></tr>\n");
        html.Add($"<tr><th>valid until</th><td>{certificate.NotAfter:yyyy-MM-dd}, ");
        if (certificate.DaysLeft < ServeBanner.WarnDays)
        {
            html.Add($"<span class=\"warn\">{certificate.DaysLeft} days left: renew it soon</span>");
        }
        else
        {
            html.Add($"{certificate.DaysLeft} days left");
        }

        html.Add($"</td></tr>\n<tr><th>SHA-256</th><td><code>{certificate.Sha256}</code></td></tr>\n<tr><th>client certificates</th><td>{report.ClientCertificates}</td></tr>\n</table></div>\n");
    }

    private static void AddActivity(HtmlText html, StatusReport report)
    {
        ActivityTotals totals = report.Totals;
        html.AddMarkup("<h2>Work</h2>\n<div class=\"scroll\"><table>\n<tr><th></th><th>now</th><th>done</th><th>failed</th></tr>\n");
        html.Add($"<tr><th>calls</th><td class=\"number\">{report.CallsInFlight}</td><td class=\"number\">{totals.Calls}</td><td class=\"number\">{totals.CallErrors}</td></tr>\n");
        html.Add($"<tr><th>raw streams</th><td class=\"number\">{report.StreamsInFlight}</td><td class=\"number\">{totals.Streams}</td><td class=\"number\">{totals.StreamErrors}</td></tr>\n");
        html.AddMarkup("</table></div>\n");
        html.Add($"<p class=\"quiet\">Over QUIC {FormatBytes(totals.BytesReceived)} came and {FormatBytes(totals.BytesSent)} went.</p>\n");
    }

    private static void AddConnections(HtmlText html, StatusReport report)
    {
        html.Add($"<h2>QUIC connections: {report.ConnectionCount}</h2>\n");
        if (report.ConnectionCount == 0)
        {
            return;
        }

        html.AddMarkup("<div class=\"scroll\"><table>\n<tr><th>id</th><th>protocol</th><th>peer</th><th>RTT</th><th>shortest</th><th>in</th><th>out</th><th>lost</th></tr>\n");
        foreach (ServedConnection connection in report.Connections)
        {
            html.Add($"<tr><td>{connection.Id}</td><td>{connection.Protocol}</td><td>{connection.Peer ?? "not shown to you"} <span class=\"quiet\">{connection.PeerCertificate}</span></td>");
            html.Add($"<td class=\"number\">{FormatMilliseconds(connection.RttMilliseconds)}</td><td class=\"number\">{FormatMilliseconds(connection.MinRttMilliseconds)}</td>");
            html.Add($"<td class=\"number\">{FormatBytes(connection.BytesReceived)}</td><td class=\"number\">{FormatBytes(connection.BytesSent)}</td><td class=\"number\">{connection.PacketsLost}</td></tr>\n");
        }

        html.AddMarkup("</table></div>\n");
        if (report.Connections.Count < report.ConnectionCount)
        {
            html.Add($"<p class=\"quiet\">The first {report.Connections.Count} are shown.</p>\n");
        }
    }

    private static string FormatMilliseconds(double? milliseconds) => milliseconds is double value ? string.Create(CultureInfo.InvariantCulture, $"{value:0.00} ms") : "-";

    private static string FormatBytes(long? bytes) => bytes switch
    {
        null => "-",
        < 10_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 10_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1000} kB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000_000} MB"),
    };

    private static string FormatTime(TimeSpan time) =>
        time.TotalDays >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays} d {time.Hours} h")
        : time.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Hours} h {time.Minutes} min")
        : time.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s");
}
