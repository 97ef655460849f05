using System.CommandLine;
using Net.Hosting.Benchmarking;

namespace Net.Hosting.CommandLine;

/// <summary><c>net bench echo</c>.</summary>
internal static class BenchCommand
{
    private const string Raw = "raw";
    private const string Grpc = "grpc";

    private const string Help = $"""
        Examples:
          net bench echo localhost:8443                                   10,000 echoes of 64 bytes, one at a time
          net bench echo localhost:8443 --connections 4 --streams 16 --duration 10s
          net bench echo localhost:8443 --new-stream --count 50000        a new stream for each echo
          net bench echo localhost:8443 --protocol grpc --http 2          gRPC calls, here over HTTP/2
          net bench echo localhost:8443 --rate 5000 --streams 64 --duration 10s
          net bench aql localhost:8443 --writes 10 --streams 16 --duration 10s
          net bench echo localhost:8443 --size 16k --json > result.json

        Without --rate every stream has one call under way (a closed loop): a slow server gets fewer, and their wait shows in the latency of each.
        With --rate calls are due at even distances, and latencies count from then: a call that had to wait for a free stream shows that wait, too.
        Latencies are exact to 1 %. Memory does not grow with the number of calls.
        Exit codes: {ExitCodes.Help}. A call that fails makes it 1.
        """;

    internal static (Command Command, string Help) Make(HostContext context, Dictionary<Command, string> texts)
    {
        Option<string> protocol = new("--protocol")
        {
            Description = "raw: net/1 streams. grpc: calls of echo.EchoService.",
            DefaultValueFactory = static _ => Raw,
            HelpName = $"{Raw}|{Grpc}",
        };
        protocol.AcceptOnlyFromAmong(Raw, Grpc);
        Option<bool> newStream = new("--new-stream") { Description = "Opens a stream for each echo instead of using the same again; gRPC always does." };
        Option<bool> inline = new("--inline")
        {
            Description = "Runs the client of raw streams on the engine's own threads where the engine can: lower latency.",
            DefaultValueFactory = static _ => true,
            HelpName = "true|false",
        };
        Command echo = new("echo", "Measures round trips to a server's echo.");
        BenchOptionSet load = new(echo, context.Engines.Names, hasRoute: true);
        foreach (Option option in new Option[] { protocol, newStream, inline })
        {
            echo.Options.Add(option);
        }

        echo.SetAction((parsed, cancellationToken) => new BenchRunner(context, load.Read(parsed) with
        {
            Service = parsed.GetValue(protocol) == Grpc ? BenchService.GrpcEcho : BenchService.RawEcho,
            NewStream = parsed.GetValue(newStream),
            Inline = parsed.GetValue(inline),
        }).RunAsync(cancellationToken));
        texts.Add(echo, Help);

        Option<int> writes = CountOptions.Make("--writes", "Sets among a hundred queries; the others are gets.", 50, 0, 100, "PERCENT");
        Command aql = new("aql", "Measures gets and sets in a server's AQL store, in the collection 'bench'.");
        BenchOptionSet queries = new(aql, context.Engines.Names, hasRoute: false);
        aql.Options.Add(writes);
        aql.SetAction((parsed, cancellationToken) => new BenchRunner(context, queries.Read(parsed) with
        {
            Service = BenchService.Aql,
            WritePercent = parsed.GetValue(writes),
        }).RunAsync(cancellationToken));
        texts.Add(aql, Help);

        Command command = new("bench", "Measures latency and throughput.");
        command.Subcommands.Add(echo);
        command.Subcommands.Add(aql);
        return (command, "Examples:\n  net bench echo localhost:8443 --duration 10s\n  net bench aql localhost:8443 --rate 1000 --streams 16 --duration 10s");
    }
}
