using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Net.Chaos.Api;
using Net.Chaos.Proxy;

namespace Net.Chaos.CommandLine;

/// <summary><c>net-chaos proxy</c>: serves proxies and the API until a signal comes.</summary>
internal static class ProxyCommand
{
    internal static Command Make(CommandContext context)
    {
        Option<string?> config = new("--config") { Description = "JSON file with the proxies to begin with, as /populate takes them; may hold toxics, too.", HelpName = "FILE" };
        Option<ulong?> seed = new("--seed") { Description = "Seed of every random choice. Default: drawn, and printed.", HelpName = "N" };
        Option<string> listen = new("--listen")
        {
            Description = "Where the API listens.",
            DefaultValueFactory = static _ => string.Create(CultureInfo.InvariantCulture, $"localhost:{ChaosApiServer.DefaultPort}"),
            HelpName = "HOST:PORT",
        };
        Option<bool> noMetrics = new("--no-metrics") { Description = "Does not answer /metrics." };
        Option<LogLevel> log = new("--log-level") { Description = "What is logged to standard error.", DefaultValueFactory = static _ => LogLevel.Warning, HelpName = "LEVEL" };
        Command command = new("proxy", "Runs proxies with toxics, and toxiproxy's API to govern them.") { config, seed, listen, noMetrics, log };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ILoggerFactory logging = new WriterLoggerFactory(context.Error, parsed.GetValue(log));
            ulong chosen = parsed.GetValue(seed) ?? context.NewSeed();
            var environment = new ChaosEnvironment { Seed = chosen, TimeProvider = context.TimeProvider, LoggerFactory = logging };
            await RunAsync(context, environment, parsed.GetValue(config), parsed.GetValue(listen)!, !parsed.GetValue(noMetrics), cancellationToken).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private static async Task RunAsync(CommandContext context, ChaosEnvironment environment, string? config, string listen, bool hasMetrics, CancellationToken cancellationToken)
    {
        var proxies = new ChaosProxySet(environment);
        await using (proxies.ConfigureAwait(false))
        {
            if (config is not null)
            {
                await ProxyFile.LoadAsync(proxies, config, cancellationToken).ConfigureAwait(false);
            }

            ChaosApiServer server = await ChaosApiServer.StartAsync(proxies, listen, hasMetrics, cancellationToken).ConfigureAwait(false);
            await using (server.ConfigureAwait(false))
            {
                await context.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"net-chaos: API on http://{server.EndPoint}, seed {environment.Seed}")).ConfigureAwait(false);
                foreach (ChaosProxy proxy in proxies.All)
                {
                    await context.Output.WriteLineAsync($"net-chaos: {proxy.Name}: {(proxy.Protocol == ProxyProtocol.Udp ? "udp" : "tcp")} {proxy.Listen} -> {proxy.Upstream}{(proxy.IsEnabled ? "" : " (down)")}").ConfigureAwait(false);
                }

                await WaitForSignalAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task WaitForSignalAsync(CancellationToken cancellationToken)
    {
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Handle(PosixSignalContext received) => received.Cancel = signal.TrySetResult();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle);
        using CancellationTokenRegistration cancelled = cancellationToken.Register(() => signal.TrySetResult());
        await signal.Task.ConfigureAwait(false);
    }
}
