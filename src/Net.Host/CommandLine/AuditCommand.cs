using System.CommandLine;
using Net.Hosting.Access;

namespace Net.Hosting.CommandLine;

/// <summary><c>net audit</c>.</summary>
internal static class AuditCommand
{
    private static readonly string Help = $"""
        Examples:
          net audit verify /var/log/net/audit                   is every entry as it was written, and none missing in between?
          net audit verify /var/log/net/audit --key audit.key   a chain with a key
          net audit verify DIR --expect HASH                    and is this the last one, as noted elsewhere?

        Exit codes: {ExitCodes.Ok} intact, {ExitCodes.Failure} broken; the first broken line is named.
        """;

    internal static (Command Command, string Help) Make(HostContext context, Dictionary<Command, string> texts)
    {
        Argument<string> directory = new("DIR") { Description = "The directory of the audit." };
        Option<string?> key = new("--key") { Description = "File with the key of the chain.", HelpName = "FILE" };
        Option<string?> expect = new("--expect") { Description = "The hash that the last entry must have.", HelpName = "HASH" };
        Option<bool> json = new("--json") { Description = "Prints one JSON document instead of text." };
        Command verify = new("verify", "Checks the chain of an audit.") { directory, key, expect, json };
        verify.SetAction((parsed, cancellationToken) => new AuditRunner(context).VerifyAsync(
            parsed.GetRequiredValue(directory), parsed.GetValue(key), parsed.GetValue(expect), parsed.GetValue(json), cancellationToken));
        texts.Add(verify, Help);
        return (new Command("audit", "Looks after the audit of a server.") { verify }, Help);
    }
}
