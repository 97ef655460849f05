using System.CommandLine;
using Net.Hosting.Echoing;
using Net.Hosting.Signing;

namespace Net.Hosting.CommandLine;

/// <summary><c>net sign</c>.</summary>
internal static class SignCommand
{
    private static readonly string Help = $"""
        Examples:
          net sign localhost:8443 --message hello
          net sign localhost:8443 --file release.tar --algorithm rsa-pss-sha256 --signature release.sig --public-key server.pub
              and prints the openssl command that verifies it again
          sha256sum release.tar | net sign localhost:8443 --json

        The server makes its keys when it starts: a signature verifies with the key of that run.
        Exit codes: {ExitCodes.Help}. A signature that does not verify makes it 1.
        """;

    internal static (Command Command, string Help) Make(HostContext context)
    {
        Option<string?> message = new("--message") { Description = "Text to sign. Default: standard input, or hello at a terminal.", HelpName = "TEXT" };
        Option<string?> file = new("--file") { Description = "File to sign, up to 4 MiB.", HelpName = "FILE" };
        Option<string> algorithm = new("--algorithm")
        {
            Description = "How to sign.",
            DefaultValueFactory = static _ => SignAlgorithms.Names[0],
            HelpName = string.Join('|', SignAlgorithms.Names),
        };
        algorithm.AcceptOnlyFromAmong(SignAlgorithms.Names);
        Option<string?> signature = new("--signature") { Description = "Where to write the signature, as bytes.", HelpName = "FILE" };
        Option<string?> publicKey = new("--public-key") { Description = "Where to write the server's public key, PEM.", HelpName = "FILE" };
        Command command = new("sign", "Has a server sign, and verifies the signature with the server's public key.");
        ClientOptionSet client = new(command, context.Engines.Names, hasRoute: false, hasHttp: true);
        foreach (Option option in new Option[] { message, file, algorithm, signature, publicKey })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(message) is { Implicit: false } && result.GetResult(file) is { Implicit: false })
            {
                result.AddError("--message and --file each say what to sign; give one of them.");
            }
        });
        command.SetAction((parsed, cancellationToken) => new SignRunner(context, new SignOptions
        {
            Target = client.Read(parsed),
            Payload = new PayloadSource { Message = parsed.GetValue(message), FilePath = parsed.GetValue(file) },
            Algorithm = SignAlgorithms.Parse(parsed.GetRequiredValue(algorithm)),
            SignaturePath = parsed.GetValue(signature),
            PublicKeyPath = parsed.GetValue(publicKey),
            Json = client.ReadJson(parsed),
        }).RunAsync(cancellationToken));
        return (command, Help);
    }
}
