using System.CommandLine;
using Net.Hosting.Admin;

namespace Net.Hosting.CommandLine;

/// <summary><c>net health</c>.</summary>
internal static class HealthCommand
{
    private static readonly string Help = $"""
        Examples:
          net health                                      is the server of this machine ready?
          net health http://127.0.0.1:9091                one whose --admin is elsewhere
          net health --quiet && echo ready                for scripts and container health checks
          net health --wait 30s                           until it is ready, or not after 30 seconds
          net health https://host/healthz --token FILE    where who asks must say who it is

        Exit codes: {ExitCodes.Ok} it serves, {ExitCodes.Failure} it drains, answers otherwise, or does not answer, {ExitCodes.Usage} wrong usage.
        """;

    internal static (Command Command, string Help) Make(HostContext context)
    {
        Argument<Uri> url = UrlArgument.Make("URL", "Where the server's --admin is.");
        Option<TimeSpan> timeout = new("--timeout")
        {
            Description = "How long one answer may take.",
            DefaultValueFactory = static _ => TimeSpan.FromSeconds(5),
            CustomParser = DurationText.Parse,
            HelpName = "TIME",
        };
        Option<TimeSpan> wait = new("--wait")
        {
            Description = "How long to ask again while it is not ready.",
            DefaultValueFactory = static _ => TimeSpan.Zero,
            CustomParser = DurationText.Parse,
            HelpName = "TIME",
        };
        Option<bool> quiet = new("--quiet") { Description = "Prints nothing; the exit code says it." };
        Option<bool> json = new("--json") { Description = "Prints one JSON document instead of text." };
        Command command = new("health", "Asks a server whether it is ready.");
        command.Arguments.Add(url);
        CredentialOptionSet credential = new(
            command, "A file with the token (JWT) that says who asks; sent as 'authorization: Bearer'. Over plain HTTP only to this machine, as others could read it.");
        foreach (Option option in new Option[] { timeout, wait, quiet, json })
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellationToken) => new HealthRunner(context, new HealthOptions
        {
            Url = parsed.GetRequiredValue(url),
            Timeout = parsed.GetValue(timeout),
            Wait = parsed.GetValue(wait),
            Quiet = parsed.GetValue(quiet),
            Json = parsed.GetValue(json),
            Credential = credential.Read(parsed),
        }).RunAsync(cancellationToken));
        return (command, Help);
    }
}
