using System.Globalization;
using Net.Chaos.Judging;

namespace Net.Chaos.Ledgers;

/// <summary>The client's side of a run as text, for a person who asks what became of a call: a line each, values between tabs, times in seconds from the start of the run.</summary>
internal static class LedgerFile
{
    private const string CallColumns = "began\tended\tresult\tid\tclient\tload\trepeatable\tattempts\thosts\tdetail";
    private const string StreamColumns = "number\tclient\tload\tsent\treceived\twrong\tbroken\tdetail";
    private const string FaultColumns = "began\tended\tfault\ttarget\tproof";

    /// <summary>Writes <c>calls</c>, <c>streams</c> and <c>faults</c>.</summary>
    /// <param name="folder">Where; it exists.</param>
    /// <param name="evidence">Of what.</param>
    /// <param name="cancellationToken">Leaves what was not written unwritten.</param>
    internal static async Task WriteAsync(string folder, RunEvidence evidence, CancellationToken cancellationToken)
    {
        await File.WriteAllLinesAsync(Path.Combine(folder, "calls"), [CallColumns, .. evidence.Calls.OrderBy(static c => c.Began).Select(Line)], cancellationToken).ConfigureAwait(false);
        await File.WriteAllLinesAsync(Path.Combine(folder, "streams"), [StreamColumns, .. evidence.Streams.OrderBy(static s => s.Number).Select(Line)], cancellationToken).ConfigureAwait(false);
        await File.WriteAllLinesAsync(Path.Combine(folder, "faults"), [FaultColumns, .. evidence.Faults.OrderBy(static f => f.Began).Select(Line)], cancellationToken).ConfigureAwait(false);
    }

    private static string Line(CallRecord call) => string.Join('\t', Seconds(call.Began), call.Outcomes == 0 ? "-" : Seconds(call.Ended), call.Result,
        call.Id.ToString("x32", CultureInfo.InvariantCulture), call.Client, call.Load, call.IsIdempotent ? "yes" : "no", call.Attempts.ToString(CultureInfo.InvariantCulture),
        call.Hosts.Count == 0 ? "-" : string.Join(',', call.Hosts), Text(call.Detail));

    private static string Line(StreamRecord stream) => string.Create(CultureInfo.InvariantCulture,
        $"{stream.Number}\t{stream.Client}\t{stream.Load}\t{stream.Sent}\t{stream.Received}\t{stream.Wrong}\t{(stream.BrokenAt is TimeSpan at ? Seconds(at) : "-")}\t{Text(stream.Detail)}");

    private static string Line(FaultRecord fault) => string.Create(CultureInfo.InvariantCulture,
        $"{Seconds(fault.Began)}\t{Seconds(fault.Ended)}\t{fault.Word}\t{fault.Target}\t{fault.Proof} {fault.ProofOf}");

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);

    // Details are messages of exceptions, which may have lines.
    private static string Text(string detail) => detail.Length == 0 ? "-" : string.Concat(detail.Select(static c => char.IsControl(c) ? ' ' : c));
}
