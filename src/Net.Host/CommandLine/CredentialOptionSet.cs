using System.CommandLine;
using Net.Hosting.Calling;

namespace Net.Hosting.CommandLine;

/// <summary>The options that say who calls: <c>--token</c> and <c>--api-key</c>.</summary>
internal sealed class CredentialOptionSet
{
    private readonly Option<string?> _token = new("--token") { HelpName = "FILE" };

    private readonly Option<string?> _apiKey = new("--api-key")
    {
        Description = "The same with an API key, as `net apikey new` prints it.",
        HelpName = "FILE",
    };

    /// <param name="command">The command that gets the options.</param>
    /// <param name="tokenDescription">What the token is for.</param>
    internal CredentialOptionSet(Command command, string tokenDescription)
    {
        _token.Description = tokenDescription;
        command.Options.Add(_token);
        command.Options.Add(_apiKey);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_token) is not null && result.GetResult(_apiKey) is not null)
            {
                result.AddError("--token and --api-key exclude each other: a call has one credential.");
            }
        });
    }

    /// <summary>The credential, if one is named.</summary>
    /// <exception cref="HostException">The file holds none.</exception>
    internal BearerCredential? Read(ParseResult parsed) =>
        parsed.GetValue(_token) is { } token ? BearerCredential.Read(token, _token.Name)
        : parsed.GetValue(_apiKey) is { } apiKey ? BearerCredential.Read(apiKey, _apiKey.Name)
        : null;
}
