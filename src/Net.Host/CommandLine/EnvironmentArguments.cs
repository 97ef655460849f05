using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace Net.Hosting.CommandLine;

/// <summary>Takes options from the environment: <c>--client-certificate</c> is <c>NET_CLIENT_CERTIFICATE</c>. The command line goes before the environment, and that before the default.</summary>
internal static class EnvironmentArguments
{
    internal const string Prefix = "NET_";

    internal static string GetName(Option option) => Prefix + option.Name.TrimStart('-').Replace('-', '_').ToUpperInvariant();

    /// <summary>Adds the options that the environment holds and the command line does not, so that both are parsed and checked alike.</summary>
    /// <param name="parsed">The command line as it was given.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="getVariable">Reads the environment.</param>
    /// <returns>The arguments to parse, and which variables were used.</returns>
    internal static (string[] Arguments, IReadOnlyList<string> Variables) Add(
        ParseResult parsed, IReadOnlyList<string> arguments, Func<string, string?> getVariable)
    {
        List<string> all = [.. arguments];
        List<string> variables = [];

        // What follows -- is no option, so the ones from the environment go before it.
        int end = all.IndexOf("--");
        int at = end < 0 ? all.Count : end;
        foreach (Option option in parsed.CommandResult.Command.Options)
        {
            bool isGiven = parsed.GetResult(option) is OptionResult { Implicit: false };
            if (option is HelpOption or VersionOption || isGiven || getVariable(GetName(option)) is not { Length: > 0 } value)
            {
                continue;
            }

            all.Insert(at++, $"{option.Name}={value}");
            variables.Add($"{GetName(option)}={value}");
        }

        return ([.. all], variables);
    }
}
