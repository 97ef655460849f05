using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Net.Perf.Chaos;
using Net.Perf.Channels;
using Net.Perf.Measuring;
using Net.Perf.Reporting;
using Net.Perf.Sections;
using Net.Perf.Subjects;

namespace Net.Perf;

/// <summary>The command line.</summary>
internal sealed class PerfCommand
{
    private const int SectionSeconds = 600;
    private const int AllSeconds = 1800;
    private readonly Option<int> _pairs = new("--pairs") { Description = "Rounds of each side, in turn.", DefaultValueFactory = static _ => 25, Recursive = true };
    private readonly Option<int> _echoes = new("--echoes") { Description = "Echoes in a round.", DefaultValueFactory = static _ => 2000, Recursive = true };
    private readonly Option<int> _megabytes = new("--megabytes") { Description = "Size of one bulk transfer, 10^6 bytes.", DefaultValueFactory = static _ => 512, Recursive = true };
    private readonly Option<int> _handshakes = new("--handshakes") { Description = "Handshakes in a round.", DefaultValueFactory = static _ => 100, Recursive = true };
    private readonly Option<int> _count = new("--count") { Description = "Idle connections.", DefaultValueFactory = static _ => 1000, Recursive = true };
    private readonly Option<int> _deadline = new("--deadline") { Description = "Ends the program after this many seconds, whatever it does.", DefaultValueFactory = static _ => 0, Recursive = true };
    private readonly Option<bool> _quick = new("--quick") { Description = "Fewer and smaller rounds: a look, not a claim.", Recursive = true };
    private readonly Option<bool> _long = new("--long") { Description = "Also 10,000 idle connections. 'all' does so unless it is quick.", Recursive = true };
    private readonly Option<bool> _packed = new("--packed") { Description = "Runs both ends on one core (through taskset).", Recursive = true };
    private readonly Option<bool> _split = new("--split") { Description = "Runs each end on a core of its own.", Recursive = true };
    private readonly Option<string?> _only = new("--only") { Description = "Measures only what has this in its name, for a profile; the limits always run.", Recursive = true };
    private readonly Option<string?> _markdown = new("--markdown") { Description = "Writes the report to this file, too; 'all' writes perf/RESULTS.md of the repository when none is given.", Recursive = true };
    private readonly Option<string?> _json = new("--json") { Description = "Writes the report to this file, too, for programs.", Recursive = true };
    private readonly Option<bool> _silent = new("--silent") { Description = "Shows no report.", Hidden = true, Recursive = true };
    private readonly Option<bool> _placed = new("--placed") { Description = "The program was started again on one core.", Hidden = true, Recursive = true };

    private PerfCommand()
    {
    }

    /// <summary>Makes the command.</summary>
    internal static RootCommand Create()
    {
        var perf = new PerfCommand();
        var root = new RootCommand("Measures this library, its peers and the limit of the machine in one run, and prints the ratios.")
        {
            perf._pairs, perf._echoes, perf._megabytes, perf._handshakes, perf._count, perf._deadline, perf._quick, perf._long, perf._packed, perf._split, perf._only,
            perf._markdown, perf._json, perf._silent, perf._placed,
        };
        perf.Add(root, "echo", "Echo of 64 bytes against UDP ping-pong, and the work for each.", EchoSection.RunAsync);
        perf.Add(root, "rpc", "gRPC calls over HTTP/3 against HTTP/2 with TLS, and the work for each.", RpcSection.RunAsync);
        perf.Add(root, "bulk", "One-way transfer against UDP, SslStream, and gtlsserver with gtlsclient.", BulkSection.RunAsync);
        perf.Add(root, "handshake", "Handshakes plain, mutual and resumed against SslStream.", HandshakeSection.RunAsync);
        perf.Add(root, "growth", "Echo beside many connections and many open streams.", GrowthSection.RunAsync);
        perf.Add(root, "balancing", "What a pick costs with each balancing policy, on one thread and on sixteen.", BalancingSection.RunAsync);
        perf.Add(root, "pool", "What a call costs in the pool: balancer, breaker, outlier ejection; with each policy, untraced and traced.", PoolSection.RunAsync);
        perf.Add(root, "slow-backend", "Latency with each policy when one of eight backends is slow, simulated.", SlowBackendSection.RunAsync);
        perf.Add(root, "idle", "Memory of idle connections.", IdleSection.RunAsync);
        perf.Add(root, "chaos", "The fault proxy's ceiling and the latency it adds, against no proxy.", ChaosSection.RunAsync);
        perf.Add(root, "resilience", "Breaker, outlier ejection, retry budget and call runner, for each call.", ResilienceSection.RunAsync);
        perf.Add(root, "access", "Authentication and authorization of a call, without network.", Access.AccessSection.RunAsync);
        perf.Add(root, "key-timing", "Whether the time of a refusal tells which API keys exist.", Access.KeyTimingSection.RunAsync);
        perf.AddAll(root);
        AddPeer(root, "idle-server", IdlePeer.ServeAsync);
        AddPeer(root, "idle-client", IdlePeer.ConnectAsync);
        AddPeer(root, "rpc-server", RpcPeer.ServeAsync);
        return root;
    }

    private static void AddPeer(RootCommand root, string name, Func<Task> run)
    {
        var command = new Command(name, "One end in a process of its own.") { Hidden = true };
        command.SetAction((_, _) => run());
        root.Add(command);
    }

    private void Add(RootCommand root, string name, string description, Func<RunOptions, Task<Report>> section)
    {
        var command = new Command(name, description);
        command.SetAction(async (result, cancellation) =>
        {
            using var watchdog = new Watchdog(Deadline(result, SectionSeconds));
            if (result.GetValue(_packed) && !result.GetValue(_placed))
            {
                using Process again = Process.Start(Pinning.Packed([.. Environment.GetCommandLineArgs().Skip(1), "--placed"]))!;
                await again.WaitForExitAsync(cancellation).ConfigureAwait(false);
                return again.ExitCode;
            }

            Pinning.Current = result.GetValue(_packed) ? Placement.Packed : result.GetValue(_split) ? Placement.Split : Placement.AsIs;
            await FinishAsync(result, await section(Options(result)).ConfigureAwait(false), result.GetValue(_markdown)).ConfigureAwait(false);
            return 0;
        });
        root.Add(command);
    }

    private void AddAll(RootCommand root)
    {
        var command = new Command("all", "Every section; writes perf/RESULTS.md.");
        command.SetAction(async (result, _) =>
        {
            using var watchdog = new Watchdog(Deadline(result, AllSeconds));
            string? markdown = result.GetValue(_markdown) ?? (MachineFacts.Repository() is { } folder ? Path.Combine(folder, "perf", "RESULTS.md") : null);
            bool quick = result.GetValue(_quick);
            List<string> arguments = quick ? ["--quick"] : ["--long"];
            foreach (Option<int> option in (Option<int>[])[_pairs, _echoes, _megabytes, _handshakes, _count])
            {
                if (result.GetResult(option) is { Implicit: false })
                {
                    arguments.AddRange([option.Name, result.GetValue(option).ToString(System.Globalization.CultureInfo.InvariantCulture)]);
                }
            }

            await FinishAsync(result, await AllSections.RunAsync(arguments, quick).ConfigureAwait(false), markdown).ConfigureAwait(false);
            return 0;
        });
        root.Add(command);
    }

    private async Task FinishAsync(ParseResult result, Report report, string? markdown)
    {
        if (result.GetValue(_json) is { } json)
        {
            await File.WriteAllTextAsync(json, JsonSerializer.Serialize(report)).ConfigureAwait(false);
        }

        if (result.GetValue(_silent))
        {
            return;
        }

        string command = "Net.Perf " + string.Join(' ', Environment.GetCommandLineArgs().Skip(1).Where(static a => a != "--placed"));
        string[] facts = [$"Command: `{command}`", .. MachineFacts.Lines()];
        ConsoleReport.Write(report, facts);
        if (markdown is not null)
        {
            await File.WriteAllTextAsync(markdown, MarkdownReport.Format(report, facts)).ConfigureAwait(false);
        }
    }

    private TimeSpan Deadline(ParseResult result, int seconds) =>
        TimeSpan.FromSeconds(result.GetValue(_deadline) is > 0 and int chosen ? chosen : seconds);

    private RunOptions Options(ParseResult result)
    {
        bool quick = result.GetValue(_quick);
        int Value(Option<int> option, int whenQuick) =>
            quick && result.GetResult(option) is null or { Implicit: true } ? whenQuick : result.GetValue(option);
        return new RunOptions(
            Value(_pairs, 7), Value(_echoes, 2000), Value(_megabytes, 256), Value(_handshakes, 50), Value(_count, 1000), result.GetValue(_long), result.GetValue(_only),
            TimeSpan.FromSeconds(quick ? 10 : 60));
    }
}
