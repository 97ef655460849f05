using System.CommandLine;
using System.CommandLine.Help;

namespace Net.Hosting.CommandLine;

/// <summary>The commands of <c>net</c>, put together and run.</summary>
internal static class HostCommandLine
{
    internal static async Task<int> RunAsync(string[] arguments, HostContext context, CancellationToken cancellationToken = default)
    {
        RootCommand root = Make(context);
        ParseResult parsed = root.Parse(arguments);
        (string[] all, IReadOnlyList<string> variables) = EnvironmentArguments.Add(parsed, arguments, context.GetEnvironmentVariable);
        if (variables.Count > 0)
        {
            parsed = root.Parse(all);
        }

        InvocationConfiguration configuration = new()
        {
            Output = context.Output,
            Error = context.Error,
            EnableDefaultExceptionHandler = false,

            // The commands that serve or measure see to the signals themselves.
            ProcessTerminationTimeout = null,
        };
        if (parsed.Errors.Count > 0)
        {
            return await ReportUsageAsync(parsed, variables, context).ConfigureAwait(false);
        }

        try
        {
            return await parsed.InvokeAsync(configuration, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (HostErrors.Describe(exception) is (int, string) described)
        {
            await context.Error.WriteLineAsync($"net: {described.Text}").ConfigureAwait(false);
            return described.ExitCode;
        }
    }

    internal static RootCommand Make(HostContext context)
    {
        RootCommand root = new("HTTP/3 and raw streams over QUIC with mutual TLS: serves, calls and measures.");
        Dictionary<Command, string> texts = [];
        (Command Command, string Help)[] commands =
        [
            ServeCommand.Make(context), EchoCommand.Make(context), SignCommand.Make(context), AqlCommand.Make(context), BenchCommand.Make(context, texts), HealthCommand.Make(context), TopCommand.Make(context), CertsCommand.Make(context, texts), ApiKeyCommand.Make(context, texts), AuditCommand.Make(context, texts), VersionCommand.Make(context),
        ];
        foreach ((Command command, string text) in commands)
        {
            root.Subcommands.Add(command);
            texts.Add(command, text);
        }

        texts.Add(root, $"""
            Examples:
              make certs                                      certificates for development in certs/out
              net serve --port 8443                           serve them
              net echo localhost:8443 --message hello         one round trip
              net sign localhost:8443 --message hello         a signature, and whether it verifies
              net aql localhost:8443 'set users/42 "Ada"'     rows in the server's store
              net bench echo localhost:8443 --duration 10s    many of them
              net health                                      is the server of this machine ready?
              net top                                         the channels of a running program, live
              net certs show                                  what the certificates are, and how long they last
              net apikey new --name billing --role user       a key for a caller
              net audit verify DIR                            is the audit as it was written?

            Every option can come from the environment: --port from {EnvironmentArguments.Prefix}PORT, --client-certificate from {EnvironmentArguments.Prefix}CLIENT_CERTIFICATE.
            The command line goes before the environment, and that before the default.

            Exit codes: {ExitCodes.Help}.
            """);

        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new ExampleHelpAction((HelpAction)help.Action!, texts);
        return root;
    }

    private static async Task<int> ReportUsageAsync(ParseResult parsed, IReadOnlyList<string> variables, HostContext context)
    {
        foreach (string message in parsed.Errors.Select(static error => error.Message).Distinct())
        {
            await context.Error.WriteLineAsync($"net: {message}").ConfigureAwait(false);
        }

        if (variables.Count > 0)
        {
            await context.Error.WriteLineAsync($"From the environment came {string.Join(", ", variables)}.").ConfigureAwait(false);
        }

        string path = "";
        for (System.CommandLine.Parsing.SymbolResult? at = parsed.CommandResult; at is System.CommandLine.Parsing.CommandResult { Command: not RootCommand } result; at = at.Parent)
        {
            path = $" {result.Command.Name}{path}";
        }

        await context.Error.WriteLineAsync($"Try 'net{path} --help'.").ConfigureAwait(false);
        return ExitCodes.Usage;
    }
}
