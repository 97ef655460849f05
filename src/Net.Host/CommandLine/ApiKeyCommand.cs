using System.CommandLine;
using Net.Hosting.Access;

namespace Net.Hosting.CommandLine;

/// <summary><c>net apikey</c>.</summary>
internal static class ApiKeyCommand
{
    private static readonly string Help = $"""
        Examples:
          net apikey new --name billing --role user                            a key for 90 days; keys.json and pepper.key are made where they are missing
          net apikey new --file keys.json --pepper pepper.key --name billing --role user --days 30
              again for the same name: the new key beside the old one, until the old entry is removed
          NET_KEY=$(net apikey new --name ci --role reader)                    the key alone goes to standard output

        Exit codes: {ExitCodes.Help}.
        """;

    internal static (Command Command, string Help) Make(HostContext context, Dictionary<Command, string> texts)
    {
        Option<string> file = new("--file") { Description = "The server's file of keys.", HelpName = "FILE", DefaultValueFactory = static _ => "keys.json" };
        Option<string> pepper = new("--pepper") { Description = "The server's secret under which keys are hashed.", HelpName = "FILE", DefaultValueFactory = static _ => "pepper.key" };
        Option<string> name = new("--name") { Description = "Who holds the key.", HelpName = "NAME", Required = true };
        Option<string[]> roles = new("--role") { Description = "A role of the holder; may stand several times.", HelpName = "ROLE", DefaultValueFactory = static _ => [] };
        Option<int> days = CountOptions.Make("--days", "Days until it expires.", 90, 1, 3660);
        Command create = new("new", "Makes an API key.") { file, pepper, name, roles, days };
        create.SetAction((parsed, _) => new ApiKeyRunner(context).CreateAsync(
            parsed.GetRequiredValue(file), parsed.GetRequiredValue(pepper), parsed.GetRequiredValue(name), parsed.GetValue(roles) ?? [], parsed.GetValue(days)));
        texts.Add(create, Help);
        return (new Command("apikey", "Makes API keys for a server.") { create }, Help);
    }
}
