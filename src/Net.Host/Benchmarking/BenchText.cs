using System.Globalization;
using Spectre.Console;

namespace Net.Hosting.Benchmarking;

/// <summary>Shows a measurement to a person: what was done, percentiles, and how latencies are spread.</summary>
internal static class BenchText
{
    private const int Rows = 16;
    private const int BarWidth = 50;

    internal static void Write(IAnsiConsole console, BenchReport report, LatencyHistogram latencies)
    {
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Service}: {report.Echoes} of {report.Bytes} bytes with {report.EndPoint} over {report.Engine}: {report.Connections} connections x {report.StreamsPerConnection} streams, {(report.NewStreamPerEcho || report.Service != "raw echo" ? "a new stream each" : "same streams")}, {report.Seconds:0.00} s{(report.RatePerSecond is int rate ? $"; {rate}/s were due, latencies count from then" : "")}"));
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.EchoesPerSecond:N0} calls/s, {report.MegabytesPerSecond:N1} MB/s each way; on the client {report.CpuMicrosecondsPerEcho:0.0} us CPU and {report.AllocatedBytesPerEcho:0} bytes allocated per call"));
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("us", "min", "mean", "p50", "p90", "p99", "p99.9", "max");
        AddRow(table, "call", report.Latency);
        AddRow(table, "connect", report.Connect);
        console.Write(table);
        WriteHistogram(console, latencies);
        foreach ((string message, long count) in report.Errors)
        {
            console.MarkupLineInterpolated($"[red]{count} failed: {message}[/]");
        }
    }

    private static void AddRow(Table table, string name, LatencyReport latency) => table.AddRow(
        name, Format(latency.MinMicroseconds), Format(latency.MeanMicroseconds), Format(latency.P50Microseconds), Format(latency.P90Microseconds),
        Format(latency.P99Microseconds), Format(latency.P999Microseconds), Format(latency.MaxMicroseconds));

    private static void WriteHistogram(IAnsiConsole console, LatencyHistogram latencies)
    {
        IReadOnlyList<(double From, double To, long Count)> rows = latencies.GetRows(Rows);
        long most = rows.Count == 0 ? 1 : rows.Max(static row => row.Count);
        foreach ((double from, double to, long count) in rows)
        {
            int bar = (int)Math.Ceiling((double)count * BarWidth / most);
            console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Format(from / 1000),10} - {Format(to / 1000),10} us {count,10} {100.0 * count / latencies.Count,6:0.00} % {new string('#', bar)}"));
        }
    }

    private static string Format(double microseconds) => microseconds.ToString(microseconds < 100 ? "0.00" : "0.0", CultureInfo.InvariantCulture);
}
