using System.Globalization;
using Net.Chaos.Judging;
using Net.Chaos.Running;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Reporting;

/// <summary>Tells how runs go in plain lines, for logs.</summary>
internal sealed class LineObserver(TextWriter output) : IRunObserver
{
    private const int LinesEvery = 5;
    private int _ticks;

    public void Started(Scenario scenario, ulong seed)
    {
        _ticks = 0;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{scenario.Name}: {scenario.About} (seed {seed})"));
    }

    public void Note(string text) => output.WriteLine("  " + text);

    public void Tick(RunView view)
    {
        if (_ticks++ % LinesEvery == 0)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {view.Elapsed.TotalSeconds,6:0.0} s: {view.Ok} ok, {view.Refused} refused, {view.Failed} failed, {view.Unknown} unknown, {view.InFlight} in flight, {view.BrokenStreams} streams broken{(view.Faults.Count > 0 ? "; now: " + string.Join(", ", view.Faults) : "")}"));
        }
    }

    public void Ended(RunResult result)
    {
        foreach (string line in LedgerText.Of(result))
        {
            output.WriteLine("  " + line);
        }

        foreach (Finding finding in result.Findings)
        {
            output.WriteLine($"  {(finding.Holds ? "holds   " : "DOES NOT")} {finding.Rule}: {finding.Text}: {finding.Measured}");
        }

        if (result.Failure is { } failure)
        {
            output.WriteLine("  could not be run: " + failure);
        }

        output.WriteLine($"{result.Scenario.Name}: {(result.Passed ? "passed" : "FAILED")}");
    }
}
