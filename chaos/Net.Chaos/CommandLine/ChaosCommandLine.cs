using System.CommandLine;
using Net.Chaos.Proxy;
using Net.Chaos.Scenarios;

namespace Net.Chaos.CommandLine;

/// <summary>The commands of <c>net-chaos</c>, put together and run.</summary>
internal static class ChaosCommandLine
{
    /// <summary>Something was asked for that could not be done.</summary>
    internal const int Failed = 1;

    /// <summary>The command line makes no sense.</summary>
    internal const int Usage = 2;

    internal static async Task<int> RunAsync(string[] arguments, CommandContext context, CancellationToken cancellationToken = default)
    {
        ParseResult parsed = Make(context).Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (string message in parsed.Errors.Select(static e => e.Message).Distinct())
            {
                await context.Error.WriteLineAsync($"net-chaos: {message}").ConfigureAwait(false);
            }

            await context.Error.WriteLineAsync("Try 'net-chaos --help'.").ConfigureAwait(false);
            return Usage;
        }

        try
        {
            InvocationConfiguration configuration = new()
            {
                Output = context.Output,
                Error = context.Error,
                EnableDefaultExceptionHandler = false,

                // The proxy command ends by itself on a signal, and closes its connections first.
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(configuration, cancellationToken).ConfigureAwait(false);
        }
        catch (ScenarioException exception)
        {
            foreach (string fault in exception.Faults)
            {
                await context.Error.WriteLineAsync($"net-chaos: {fault}").ConfigureAwait(false);
            }

            return Usage;
        }
        catch (Exception exception) when (exception is ChaosException or HttpRequestException or IOException or UnauthorizedAccessException)
        {
            await context.Error.WriteLineAsync($"net-chaos: {exception.Message}").ConfigureAwait(false);
            return Failed;
        }
    }

    internal static RootCommand Make(CommandContext context)
    {
        RootCommand root = new("Faults for TCP, UDP and QUIC between your clients and your servers.");
        root.Subcommands.Add(ProxyCommand.Make(context));
        root.Subcommands.Add(RunCommand.Make(context));
        root.Subcommands.Add(SimCommand.Make(context));
        foreach (Command command in ClientCommands.Make(context))
        {
            root.Subcommands.Add(command);
        }

        return root;
    }
}
