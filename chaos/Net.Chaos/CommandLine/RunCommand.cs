using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Net.Chaos.Reporting;
using Net.Chaos.Running;
using Net.Chaos.Scenarios;
using Spectre.Console;

namespace Net.Chaos.CommandLine;

/// <summary><c>net-chaos run</c>: runs scenarios and judges them.</summary>
internal static class RunCommand
{
    internal static Command Make(CommandContext context)
    {
        Argument<string[]> files = new("FILE") { Description = "Scenario files, or folders of them.", Arity = ArgumentArity.OneOrMore };
        Option<ulong?> seed = new("--seed") { Description = "Seed of every random choice. Default: drawn, and printed.", HelpName = "N" };
        Option<string?> json = new("--json") { Description = "Writes what was found, with seed and numbers.", HelpName = "FILE" };
        Option<string?> html = new("--html") { Description = "Writes a page with a timeline of faults, calls and latency.", HelpName = "FILE" };
        Option<string?> results = new("--results") { Description = "Writes a table of all bounds as Markdown.", HelpName = "FILE" };
        Option<string?> keep = new("--keep") { Description = "Keeps ledgers, logs and certificates in this folder.", HelpName = "DIR" };
        Option<string?> group = new("--group") { Description = "Runs quick ones alone, or full ones with them, or soak: all. Default: all that are named.", HelpName = "quick|full|soak" };
        group.AcceptOnlyFromAmong("quick", "full", "soak");
        Option<string?> host = new("--host") { Description = "The program whose 'serve' is a host. Default: net, beside this program.", HelpName = "FILE" };
        Option<string> engine = new("--engine")
        {
            Description = "The QUIC engine of hosts, clients and probes; auto takes the first that runs here.", DefaultValueFactory = static _ => RunEngines.Auto, HelpName = string.Join('|', RunEngines.Names),
        };
        engine.AcceptOnlyFromAmong(RunEngines.Names);
        Option<string?> trust = new("--ca") { Description = "The authority of hosts of your own, PEM. Default: the run's.", HelpName = "FILE" };
        Option<string?> certificate = new("--cert") { Description = "What clients show to hosts of your own, PEM.", HelpName = "FILE" };
        Option<string?> key = new("--key") { Description = "Its private key, PEM.", HelpName = "FILE" };
        Command command = new("run", "Runs scenarios: hosts, load and faults, and says whether anything was lost. Exit code 0 when all holds.")
        {
            files, seed, json, html, results, keep, group, host, engine, trust, certificate, key,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(certificate) is null != result.GetResult(key) is null)
            {
                result.AddError("--cert and --key belong together; give both or neither.");
            }
        });
        command.SetAction((parsed, cancellationToken) => RunAsync(
            context,
            new RunRequest(parsed.GetRequiredValue(files), parsed.GetValue(group), parsed.GetValue(json), parsed.GetValue(html), parsed.GetValue(results)),
            new RunOptions
            {
                Seed = parsed.GetValue(seed) ?? context.NewSeed(),
                TimeProvider = context.TimeProvider,
                HostProgram = parsed.GetValue(host),
                Engine = parsed.GetRequiredValue(engine),
                KeepDirectory = parsed.GetValue(keep),
                Trust = parsed.GetValue(trust),
                ClientCertificate = parsed.GetValue(certificate),
                ClientKey = parsed.GetValue(key),
            },
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, RunRequest request, RunOptions options, CancellationToken cancellationToken)
    {
        (string Path, Scenario Scenario)[] scenarios = Read(request);
        IRunObserver observer = ReferenceEquals(context.Output, Console.Out) && !Console.IsOutputRedirected ? new TableObserver(AnsiConsole.Console) : new LineObserver(context.Output);
        var reports = new List<ReportModel>();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        void Handle(PosixSignalContext received)
        {
            // Nor does a second one end the program: hosts would outlive it, and what is left to do has an end.
            received.Cancel = true;
            stopping.Cancel();
        }

        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle);
        try
        {
            foreach ((string path, Scenario scenario) in scenarios)
            {
                RunResult result = await new ScenarioRunner(scenario, options, observer).RunAsync(stopping.Token).ConfigureAwait(false);
                string command = CommandOf(path, options);
                reports.Add(ReportBuilder.Build(result, command));
                if (!result.Passed)
                {
                    await context.Error.WriteLineAsync($"net-chaos: {scenario.Name} failed; to repeat it: {command}").ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await context.Error.WriteLineAsync("net-chaos: stopped; everything that was started has been ended.").ConfigureAwait(false);
            await WriteAsync(request, reports).ConfigureAwait(false);
            return ChaosCommandLine.Failed;
        }

        await WriteAsync(request, reports).ConfigureAwait(false);
        await context.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"net-chaos: {reports.Count(static r => r.Passed)} of {reports.Count} scenarios passed, seed {options.Seed}")).ConfigureAwait(false);
        return reports.TrueForAll(static r => r.Passed) ? 0 : ChaosCommandLine.Failed;
    }

    private static (string Path, Scenario Scenario)[] Read(RunRequest request)
    {
        var faults = new List<string>();
        var scenarios = new List<(string, Scenario)>();
        foreach (string path in request.Files.SelectMany(static IEnumerable<string> (f) => Directory.Exists(f) ? Directory.EnumerateFiles(f, "*.yaml").Order(StringComparer.Ordinal) : [f]))
        {
            try
            {
                Scenario scenario = ScenarioReader.ReadFile(path);
                if (request.Group is null || scenario.Group <= Enum.Parse<ScenarioGroup>(request.Group, ignoreCase: true))
                {
                    scenarios.Add((path, scenario));
                }
            }
            catch (ScenarioException exception)
            {
                faults.AddRange(exception.Faults);
            }
        }

        return faults.Count > 0 ? throw new ScenarioException(faults)
            : scenarios.Count == 0 ? throw new ScenarioException([$"No scenario was found in {string.Join(", ", request.Files)}{(request.Group is null ? "" : $" for the group {request.Group}")}."])
            : [.. scenarios];
    }

    private static string CommandOf(string path, RunOptions options)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"net-chaos run {Quote(path)} --seed {options.Seed}");
        foreach ((string name, string? value) in ((string, string?)[])[("--host", options.HostProgram), ("--engine", options.Engine == RunEngines.Auto ? null : options.Engine), ("--ca", options.Trust), ("--cert", options.ClientCertificate), ("--key", options.ClientKey)])
        {
            text += value is null ? "" : $" {name} {Quote(value)}";
        }

        return text;
    }

    private static string Quote(string path) => path.All(static c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_') ? path : "'" + path.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    private static async Task WriteAsync(RunRequest request, IReadOnlyList<ReportModel> reports)
    {
        foreach ((string? path, Func<string> write) in ((string?, Func<string>)[])
        [
            (request.Json, () => JsonSerializer.Serialize(reports, ReportJson.Default.IReadOnlyListReportModel) + "\n"),
            (request.Html, () => TimelinePage.Write(reports)),
            (request.Results, () => ResultsPage.Write(reports)),
        ])
        {
            if (path is not null)
            {
                await File.WriteAllTextAsync(path, write()).ConfigureAwait(false);
            }
        }
    }

    private sealed record RunRequest(IReadOnlyList<string> Files, string? Group, string? Json, string? Html, string? Results);
}
