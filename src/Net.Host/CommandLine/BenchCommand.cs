using System.CommandLine;
using Net.Hosting.Benchmarking;

namespace Net.Hosting.CommandLine;

/// <summary><c>net bench echo</c>.</summary>
internal static class BenchCommand
{
    private const string Help = $"""
        Examples:
          net bench echo localhost:8443                                   10,000 echoes of 64 bytes, one at a time
          net bench echo localhost:8443 --connections 4 --streams 16 --duration 10s
          net bench echo localhost:8443 --new-stream --count 50000        a new stream for each echo
          net bench echo localhost:8443 --size 16k --json > result.json

        Every stream has one echo under way (a closed loop): a slow server gets fewer, and their wait shows in the latency of each.
        Latencies are exact to 1 %. Memory does not grow with the number of echoes.
        Exit codes: {ExitCodes.Help}. An echo that fails makes it 1.
        """;

    internal static (Command Command, string Help) Make(HostContext context, Dictionary<Command, string> texts)
    {
        Option<int> connections = CountOptions.Make("--connections", "Connections.", 1, 1, 100_000);
        Option<int> streams = CountOptions.Make("--streams", "Streams at once on each connection.", 1, 1, 100_000);
        Option<int> count = CountOptions.Make("--count", "Echoes over all streams.", 10_000, 1, int.MaxValue);
        Option<TimeSpan?> duration = new("--duration")
        {
            Description = "How long to go on, instead of --count.",
            CustomParser = static result => DurationText.Parse(result),
            HelpName = "TIME",
        };
        Option<int> size = SizeText.MakeOption("--size", "Bytes of an echo: a number, with k or M.", 16 << 20, 64);
        Option<bool> newStream = new("--new-stream") { Description = "Opens a stream for each echo instead of using the same again." };
        Option<int> warmup = CountOptions.Make("--warmup", "Echoes over all streams before measuring begins.", 1000, 0, int.MaxValue);
        Option<bool> inline = new("--inline")
        {
            Description = "Runs the client on the engine's own threads where the engine can: lower latency.",
            DefaultValueFactory = static _ => true,
            HelpName = "true|false",
        };

        Command echo = new("echo", "Measures round trips to a server's echo.");
        ClientOptionSet client = new(echo, context.Engines.Names);
        foreach (Option option in new Option[] { connections, streams, count, duration, size, newStream, warmup, inline })
        {
            echo.Options.Add(option);
        }

        echo.Validators.Add(result =>
        {
            if (result.GetResult(count) is { Implicit: false } && result.GetResult(duration) is { Implicit: false })
            {
                result.AddError("--count and --duration each say when to stop; give one of them.");
            }
        });
        echo.SetAction((parsed, cancellationToken) => new BenchRunner(context, new BenchOptions
        {
            Target = client.Read(parsed),
            Connections = parsed.GetValue(connections),
            Streams = parsed.GetValue(streams),
            Count = parsed.GetValue(count),
            Duration = parsed.GetValue(duration),
            Size = parsed.GetValue(size),
            NewStream = parsed.GetValue(newStream),
            Warmup = parsed.GetValue(warmup),
            Inline = parsed.GetValue(inline),
            Json = client.ReadJson(parsed),
        }).RunAsync(cancellationToken));
        texts.Add(echo, Help);

        Command command = new("bench", "Measures latency and throughput.");
        command.Subcommands.Add(echo);
        return (command, "Example:\n  net bench echo localhost:8443 --duration 10s");
    }
}
