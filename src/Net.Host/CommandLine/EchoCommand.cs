using System.CommandLine;
using Net.Hosting.Echoing;

namespace Net.Hosting.CommandLine;

/// <summary><c>net echo</c>.</summary>
internal static class EchoCommand
{
    private const string Raw = "raw";
    private const string Grpc = "grpc";

    private const string Help = $"""
        Examples:
          net echo localhost:8443 --message hello
          net echo localhost:8443 --size 1M --count 10          ten times a random mebibyte, compared byte by byte
          net echo localhost:8443 --file picture.jpg
          net echo localhost:8443 --protocol grpc --message hello --http 2
          date | net echo localhost:8443                        what comes on standard input
          net echo 192.0.2.7:443 --server-name api.example --ca ca.pem --cert me.pem --key me-key.pem --json

        Exit codes: {ExitCodes.Help}.
        """;

    internal static (Command Command, string Help) Make(HostContext context)
    {
        Option<string?> message = new("--message") { Description = "Text to send. Default: standard input, or hello at a terminal.", HelpName = "TEXT" };
        Option<string?> file = new("--file") { Description = "File to send, up to 64 MiB.", HelpName = "FILE" };
        Option<int> size = SizeText.MakeOption("--size", "Random bytes to send: a number, with k or M.", PayloadSource.MaxPayload);
        Option<int> count = CountOptions.Make("--count", "How often, on the same stream.", 1, 1, 1_000_000_000);
        Command command = new("echo", "Sends bytes to a server's echo and checks that they come back.");
        Option<string> protocol = new("--protocol")
        {
            Description = "raw: a net/1 stream, any bytes. grpc: calls of echo.EchoService, text.",
            DefaultValueFactory = static _ => Raw,
            HelpName = $"{Raw}|{Grpc}",
        };
        protocol.AcceptOnlyFromAmong(Raw, Grpc);
        ClientOptionSet client = new(command, context.Engines.Names, hasHttp: true);
        foreach (Option option in new Option[] { protocol, message, file, size, count })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (new Option[] { message, file, size }.Count(option => result.GetResult(option) is { Implicit: false }) > 1)
            {
                result.AddError("--message, --file and --size each say what to send; give one of them.");
            }
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = new EchoOptions
            {
                Target = client.Read(parsed),
                Payload = new PayloadSource
                {
                    Message = parsed.GetValue(message),
                    FilePath = parsed.GetValue(file),
                    Size = parsed.GetResult(size) is null ? null : parsed.GetValue(size),
                },
                Count = parsed.GetValue(count),
                Json = client.ReadJson(parsed),
            };
            return parsed.GetValue(protocol) == Grpc ? new GrpcEchoRunner(context, options).RunAsync(cancellationToken) : new EchoRunner(context, options).RunAsync(cancellationToken);
        });
        return (command, Help);
    }
}
