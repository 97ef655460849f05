using System.Globalization;
using System.Text;
using Net.Channels;
using Net.Client;

namespace Net.Hosting.Watching;

/// <summary>Draws a report as lines of text that fit a terminal. Columns that do not fit are left out, the least important first.</summary>
internal static class TopScreen
{
    internal const int ShortestName = 12;
    private const int LongestName = 48;
    private const string Unknown = "-";

    // Rank: which goes first when there is no room. The name stays.
    private static readonly Column[] Columns =
    [
        new("PROTOCOL", 3, static e => e.Protocols.Length == 0 ? Unknown : e.Protocols),
        new("HEALTH", 9, static e => e.IsRemoved ? "removed" : e.IsEjected ? "ejected" : Word(e.Health)),
        new("PATH", 4, static e => Word(e.Path)),
        new("PROCESS", 4, static e => Word(e.Process)),
        new("SERVICE", 4, static e => Word(e.Service)),
        new("BREAKER", 7, Breaker),
        new("RTT", 6, static e => Figure(e.RttMilliseconds, "0.00", " ms"), IsFigure: true),
        new("LOSS", 5, static e => Figure(e.LossPercent, "0.0", "%"), IsFigure: true),
        new("FLIGHT", 8, static e => e.InFlight.ToString(CultureInfo.InvariantCulture), IsFigure: true),
        new("CALLS/S", 8, static e => Figure(e.CallsPerSecond, "0.0"), IsFigure: true),
        new("FAIL/S", 6, static e => Figure(e.FailuresPerSecond, "0.0"), IsFigure: true),
    ];

    /// <summary>Draws.</summary>
    /// <param name="report">What to draw.</param>
    /// <param name="view">What is wanted of it.</param>
    /// <param name="width">Columns that there are.</param>
    /// <returns>Lines of at most so many characters, without control characters.</returns>
    internal static IEnumerable<TopLine> Draw(TopReport report, TopView view, int width)
    {
        if (report.Channels.Count == 0)
        {
            yield return Line($"{report.Source} has no channel.", TopTone.Plain, width);
        }

        foreach (TopChannel channel in report.Channels)
        {
            yield return Line(string.Create(
                CultureInfo.InvariantCulture,
                $"{channel.Name}: {Word(channel.State)}, {channel.InFlight} in flight, {channel.Waiters} waiting, {Figure(channel.CallsPerSecond, "0.0")} calls/s, generation {channel.Generation}"), TopTone.Title, width);
            foreach (TopLine line in DrawEndPoints([.. view.Sort(channel.EndPoints)], view, width))
            {
                yield return line;
            }
        }
    }

    private static IEnumerable<TopLine> DrawEndPoints(TopEndPoint[] endPoints, TopView view, int width)
    {
        int longest = Math.Min(LongestName, Math.Max("ENDPOINT".Length, endPoints.Select(static e => Clean(e.Address).Length).DefaultIfEmpty().Max()));
        (Column[] columns, int[] widths) = Fit(endPoints, Math.Min(longest, ShortestName), width);
        int name = Math.Clamp(width - widths.Sum() - columns.Length, 1, longest);
        yield return Line(Row("ENDPOINT", name, columns.Select(static c => c.Title), columns, widths), TopTone.Heading, width);
        foreach (TopEndPoint endPoint in endPoints)
        {
            yield return Line(Row(endPoint.Address, name, columns.Select(c => Clean(c.Text(endPoint))), columns, widths), Tone(endPoint), width);
            if (endPoint.Health != HealthState.Healthy && endPoint.Reason is { Length: > 0 } reason)
            {
                yield return Line("  " + reason, TopTone.Faint, width);
            }

            foreach (ConnectionDocument connection in view.ShowsConnections ? endPoint.Connections : [])
            {
                yield return Line(Describe(connection), TopTone.Faint, width);
            }
        }
    }

    private static (Column[] Columns, int[] Widths) Fit(TopEndPoint[] endPoints, int name, int width)
    {
        List<Column> columns = [.. Columns];
        while (true)
        {
            int[] widths = [.. columns.Select(c => Math.Max(c.Title.Length, endPoints.Select(e => Clean(c.Text(e)).Length).DefaultIfEmpty().Max()))];
            if (columns.Count == 0 || name + widths.Sum() + columns.Count <= width)
            {
                return ([.. columns], widths);
            }

            columns.Remove(columns.MinBy(static c => c.Rank)!);
        }
    }

    private static string Row(string name, int nameWidth, IEnumerable<string> texts, Column[] columns, int[] widths)
    {
        var row = new StringBuilder(Cut(Clean(name), nameWidth).PadRight(nameWidth));
        foreach ((int i, string text) in texts.Index())
        {
            row.Append(' ').Append(columns[i].IsFigure ? text.PadLeft(widths[i]) : text.PadRight(widths[i]));
        }

        return row.ToString();
    }

    private static string Describe(ConnectionDocument connection) => string.Create(
        CultureInfo.InvariantCulture,
        $"  #{connection.Id} {connection.Protocol} over {connection.Transport}, {connection.State.ToString().ToLowerInvariant()}, {connection.Age / 1000:0} s old, {connection.Leases} in flight, room for {connection.Room}, RTT {Figure(connection.SmoothedRtt, "0.00", " ms")}; {connection.Choice}");

    private static TopTone Tone(TopEndPoint endPoint) => endPoint switch
    {
        { Health: HealthState.Unhealthy } or { IsEjected: true } or { Breaker: BreakerState.Open or BreakerState.Isolated } => TopTone.Bad,
        { Health: HealthState.Degraded } or { Breaker: BreakerState.HalfOpen } or { IsRemoved: true } => TopTone.Warning,
        _ => TopTone.Plain,
    };

    private static string Breaker(TopEndPoint endPoint) => endPoint.Breaker switch
    {
        null => Unknown,
        BreakerState.HalfOpen => "half-open",
        BreakerState.Open when endPoint.BreakerRetryAfterMilliseconds is double wait => string.Create(CultureInfo.InvariantCulture, $"open {wait / 1000:0} s"),
        BreakerState state => state.ToString().ToLowerInvariant(),
    };

    private static string Word(HealthState? state) => state switch
    {
        null => Unknown,
        HealthState.Healthy => "ok",
        HealthState.Degraded => "degraded",
        _ => "failing",
    };

    private static string Word(ChannelState state) => state.ToString().ToLowerInvariant();

    private static string Figure(double? value, string format, string unit = "") => value is double figure ? figure.ToString(format, CultureInfo.InvariantCulture) + unit : Unknown;

    private static TopLine Line(string text, TopTone tone, int width) => new(Cut(Clean(text), width), tone);

    private static string Cut(string text, int width) => text.Length <= width ? text : width <= 1 ? text[..Math.Max(0, width)] : text[..(width - 1)] + "~";

    // Names and reasons come from elsewhere; none of them may command the terminal.
    private static string Clean(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(static c => char.IsControl(c) ? '?' : c)) : text;

    private sealed record Column(string Title, int Rank, Func<TopEndPoint, string> Text, bool IsFigure = false);
}
