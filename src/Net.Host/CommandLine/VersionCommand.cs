using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Net.Hosting.Engines;
using Net.Hosting.Serving;
using Spectre.Console;

namespace Net.Hosting.CommandLine;

/// <summary><c>net version</c>.</summary>
internal static class VersionCommand
{
    internal static string ProductVersion =>
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    internal static (Command Command, string Help) Make(HostContext context)
    {
        Option<bool> json = new("--json") { Description = "Prints one JSON document instead of text." };
        Command command = new("version", "Shows the version, and which QUIC engines run here and why others do not.");
        command.Options.Add(json);
        command.SetAction(async (parsed, _) =>
        {
            VersionReport report = await CollectAsync(context).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                await context.Output.WriteLineAsync(JsonSerializer.Serialize(report, HostJson.Default.VersionReport)).ConfigureAwait(false);
            }
            else
            {
                Print(report, context);
            }

            return report.Engines.Any(static engine => engine.IsSupported) ? ExitCodes.Ok : ExitCodes.EngineMissing;
        });
        return (command, $"Exit codes: {ExitCodes.Ok} when an engine runs here, {ExitCodes.EngineMissing} when none does.");
    }

    private static async Task<VersionReport> CollectAsync(HostContext context)
    {
        List<EngineReport> engines = [];
        foreach (EngineCandidate candidate in context.Engines.Candidates)
        {
            TransportEngine engine = candidate.Create();
            await using (engine.ConfigureAwait(false))
            {
                EngineSupport support = engine.Support;
                engines.Add(new EngineReport
                {
                    Name = candidate.Name,
                    IsSupported = support.IsSupported,
                    Version = support.Version?.ToString(),
                    Reason = support.Reason,
                    Capabilities = engine.Capabilities.ToString().Split(", "),
                });
            }
        }

        return new VersionReport
        {
            Version = ProductVersion,
            Runtime = RuntimeInformation.FrameworkDescription,
            System = $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",

            // HTTP/3 is spoken on UDP alone; what is spoken on UDP besides is spoken on TCP, too.
            Protocols = ["h3", .. ServeScope.TcpProtocols],
            Engines = engines,
        };
    }

    private static void Print(VersionReport report, HostContext context)
    {
        context.Output.WriteLine($"net {report.Version}, {report.Runtime}, {report.System}");
        context.Output.WriteLine($"Protocols: {string.Join(", ", report.Protocols)}");
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("engine", "runs here", "version", "what it can do, or why it does not run");
        foreach (EngineReport engine in report.Engines)
        {
            table.AddRow(
                Markup.Escape(engine.Name), engine.IsSupported ? "yes" : "no", Markup.Escape(engine.Version ?? "-"),
                Markup.Escape(engine.Reason ?? string.Join(", ", engine.Capabilities)));
        }

        context.Console.Write(table);
    }
}
