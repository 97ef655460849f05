using System.CommandLine;
using Net.Hosting.Watching;

namespace Net.Hosting.CommandLine;

/// <summary><c>net top</c>.</summary>
internal static class TopCommand
{
    private static readonly string Help = $"""
        Examples:
          net top                                                        the channels of the program whose diagnostics are at 127.0.0.1:9090
          net top http://127.0.0.1:9091                                  of another
          net top --endpoint a.example:443 --endpoint b.example:443      a channel of its own, with 10 echoes a second
          net top --endpoint localhost:8443 --rate 50
          net top --once                                                 prints once, for scripts; so it does where there is no terminal
          net top --json                                                 prints one JSON document

        The program that is watched serves ChannelsReport.ToJson() under /channels, as net serve does on --admin.
        Keys: q quits; n, h, t, l, f, r and a sort by name, health, RTT, loss, calls in flight, rate and as added, the same again turns the order around; c shows connections.
        Exit codes: {ExitCodes.Ok} it was shown, {ExitCodes.Failure} there was no answer, {ExitCodes.Usage} wrong usage. A program that stops answering while it is watched is asked again.
        """;

    internal static (Command Command, string Help) Make(HostContext context)
    {
        Argument<Uri> url = UrlArgument.Make("URL", "Where the program's diagnostics are.");
        Option<TransportEndPoint[]> endPoints = new("--endpoint")
        {
            Description = "An end point of a channel of its own, in place of URL; may stand several times.",
            HelpName = "HOST:PORT",
            DefaultValueFactory = static _ => [],
            CustomParser = static result => [.. result.Tokens.Select(token => Parse(token.Value, result.AddError)).OfType<TransportEndPoint>()],
        };
        Option<int> rate = CountOptions.Make("--rate", "Echoes for each second over the channel of its own; 0: none.", 10, 0, 100_000);
        Option<TimeSpan> interval = new("--interval")
        {
            Description = "Time between two looks: 100ms to 1h.",
            DefaultValueFactory = static _ => TimeSpan.FromSeconds(1),
            CustomParser = static result =>
            {
                TimeSpan value = DurationText.Parse(result);
                if (value < TimeSpan.FromMilliseconds(100) || value > TimeSpan.FromHours(1))
                {
                    result.AddError($"--interval is '{result.Tokens[0].Value}'; it must be 100ms to 1h.");
                }

                return value;
            },
            HelpName = "TIME",
        };
        Option<bool> once = new("--once") { Description = "Prints once and ends." };
        Command command = new("top", "Shows the channels of a running program live: end points, connections, verdicts, breakers, rates.");
        command.Arguments.Add(url);
        foreach (Option option in new Option[] { endPoints, rate, interval, once })
        {
            command.Options.Add(option);
        }

        ClientOptionSet client = new(command, context.Engines.Names, hasRoute: false, hasHttp: true, hasEndPoint: false);
        command.Validators.Add(result =>
        {
            bool isOwn = result.GetResult(endPoints) is { Implicit: false };
            if (isOwn && result.GetResult(url) is { Implicit: false, Tokens.Count: > 0 })
            {
                result.AddError("URL and --endpoint each say what to watch; give one of them.");
            }
            else if (!isOwn && result.GetResult(rate) is { Implicit: false })
            {
                result.AddError("--rate is the load of a channel of its own; name its end points with --endpoint.");
            }
        });
        command.SetAction((parsed, cancellationToken) => new TopRunner(context, new TopOptions
        {
            Url = parsed.GetRequiredValue(url),
            Targets = [.. (parsed.GetValue(endPoints) ?? []).Select(endPoint => client.Read(parsed, endPoint))],
            Rate = parsed.GetValue(rate),
            Interval = parsed.GetValue(interval),
            Timeout = client.ReadTimeout(parsed),
            Once = parsed.GetValue(once),
            Json = client.ReadJson(parsed),
        }).RunAsync(cancellationToken));
        return (command, Help);
    }

    private static TransportEndPoint? Parse(string text, Action<string> addError)
    {
        try
        {
            return TransportEndPoint.Parse(text);
        }
        catch (FormatException exception)
        {
            addError(exception.Message);
            return null;
        }
    }
}
