using System.CommandLine;
using Net.Hosting.Asking;

namespace Net.Hosting.CommandLine;

/// <summary><c>net aql</c>.</summary>
internal static class AqlCommand
{
    private static readonly string Help = $"""
        Examples:
          net aql localhost:8443                                          a prompt; help shows the language
          net aql localhost:8443 'set users/42 "Ada"'
          net aql localhost:8443 'get users/42' --json
          net aql localhost:8443 'range users a..m limit 100'
          net aql localhost:8443 'filter users where key >= a and not length > 100'
          net aql localhost:8443 --file import.aql --batch                all queries of a file, or none of them
          net aql localhost:8443 'get users/42' --token alice.jwt         as whoever the token names
          echo 'delete users/42; get users/42' | net aql localhost:8443

        Exit codes: {ExitCodes.Help}. A query that the server refuses makes it 1, one that is no AQL 2.
        """;

    internal static (Command Command, string Help) Make(HostContext context)
    {
        Option<string?> file = new("--file") { Description = "File with queries, ; between them.", HelpName = "FILE" };
        Option<bool> batch = new("--batch") { Description = "Makes the queries one transaction: all take effect, or none." };
        Option<int> rows = CountOptions.Make("--max-rows", "Rows that are shown of one query.", 1000, 1, 10_000_000);
        Argument<string?> query = new("QUERY") { Description = "Queries, ; between them. Without: --file, standard input, or a prompt.", Arity = ArgumentArity.ZeroOrOne };
        Command command = new("aql", "Asks a server's AQL store.");
        ClientOptionSet client = new(command, context.Engines.Names, hasRoute: false, hasHttp: true);
        command.Arguments.Add(query);
        foreach (Option option in new Option[] { file, batch, rows })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(query) is { Implicit: false, Tokens.Count: > 0 } && result.GetResult(file) is { Implicit: false })
            {
                result.AddError("QUERY and --file each say what to ask; give one of them.");
            }
        });
        command.SetAction((parsed, cancellationToken) => new AskRunner(context, new AskOptions
        {
            Target = client.Read(parsed),
            Text = parsed.GetValue(query),
            FilePath = parsed.GetValue(file),
            Batch = parsed.GetValue(batch),
            MaxRows = parsed.GetValue(rows),
            Json = client.ReadJson(parsed),
        }).RunAsync(cancellationToken));
        return (command, Help);
    }
}
