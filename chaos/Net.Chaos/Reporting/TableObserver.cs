using System.Globalization;
using Net.Chaos.Judging;
using Net.Chaos.Running;
using Net.Chaos.Scenarios;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Net.Chaos.Reporting;

/// <summary>Shows runs in a terminal: a table that is drawn anew each second, and what was found.</summary>
internal sealed class TableObserver(IAnsiConsole console) : IRunObserver
{
    private int _drawn;

    public void Started(Scenario scenario, ulong seed)
    {
        _drawn = 0;
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]{scenario.Name}[/] {scenario.About} [dim](seed {seed})[/]");
    }

    public void Note(string text) => console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[dim]{text}[/]");

    public void Tick(RunView view)
    {
        Erase();
        var table = new Table().Border(TableBorder.Rounded).AddColumns("host", "process", "memory", "answered", "breaker");
        foreach (RunHostView host in view.Hosts)
        {
            table.AddRow(
                host.Name, host.IsRunning ? "[green]runs[/]" : "[red]down[/]", host.Memory is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB") : "-",
                host.Ok.ToString(CultureInfo.InvariantCulture), host.Breakers.EscapeMarkup());
        }

        string bad = view.Failed + view.Unknown + view.Refused > 0 ? "red" : "green";
        var calls = Markup.FromInterpolated(CultureInfo.InvariantCulture, $"{view.Elapsed.TotalSeconds:0} of {view.Duration.TotalSeconds:0} s: {view.Ok} ok, {view.Refused} refused, {view.Failed} failed, {view.Unknown} unknown, {view.InFlight} in flight, {view.BrokenStreams} streams broken", new Style(Color.FromConsoleColor(bad == "red" ? ConsoleColor.Red : ConsoleColor.Green)));
        var faults = new Markup(view.Faults.Count > 0 ? "now: " + string.Join(", ", view.Faults).EscapeMarkup() : "no fault now");
        console.Write(new Rows((IRenderable[])[table, calls, faults]));
        _drawn = view.Hosts.Count + 6;
    }

    public void Ended(RunResult result)
    {
        Erase();
        var table = new Table().Border(TableBorder.Rounded).AddColumns("", "what must hold", "measured");
        foreach (Finding finding in result.Findings)
        {
            table.AddRow(finding.Holds ? "[green]holds[/]" : "[red]does not[/]", $"[bold]{finding.Rule.EscapeMarkup()}[/] {finding.Text.EscapeMarkup()}", finding.Measured.EscapeMarkup());
        }

        console.Write(table);
        foreach (string line in LedgerText.Of(result))
        {
            console.WriteLine(line);
        }

        if (result.Failure is { } failure)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]could not be run: {failure}[/]");
        }

        console.MarkupLine(result.Passed ? "[green]passed[/]" : "[red]failed[/]");
    }

    // Lines that were longer than the terminal leave a rest behind, which is harmless; what comes after is drawn below.
    private void Erase()
    {
        if (_drawn > 0)
        {
            console.Cursor.MoveUp(_drawn);
            console.Write(new ControlCode("\u001b[J"));
        }

        _drawn = 0;
    }
}
