using System.Diagnostics;
using System.Globalization;
using Net.Client;
using Net.Perf.Measuring;
using Net.Perf.Reporting;
using Net.Perf.Sections;

namespace Net.Perf.Channels;

/// <summary>What a call costs in the pool: a lease with balancing, breaker and outlier ejection, alone and through the runner of calls, untraced and traced.</summary>
internal static class PoolSection
{
    internal const int EndPoints = 8;

    internal static IReadOnlyList<BalancingPolicy> Policies { get; } =
        [Balancing.RoundRobin, Balancing.LeastConnections, Balancing.Weighted, Balancing.PowerOfTwoChoices, Balancing.PeakEwma, Balancing.RingHash()];

    internal static async Task<Report> RunAsync(RunOptions options)
    {
        var report = new Report();
        var leases = new FigureTable($"A lease from the pool, {EndPoints} end points, {Pinning.Describe()}", OperationRound.Columns);
        var calls = new FigureTable($"A call through the runner, with retries allowed, {EndPoints} end points, {Pinning.Describe()}", OperationRound.Columns);
        using var spans = new SpanRecorder();
        foreach (BalancingPolicy policy in Policies.Where(policy => options.Wants(policy.Name)))
        {
            var protocol = new IdleProtocol();
            NetChannel channel = Make(policy, protocol);
            await using (channel.ConfigureAwait(false))
            {
                await channel.WarmUpAsync(protocol, EndPoints).ConfigureAwait(false);
                (double nanoseconds, double bytes) = OperationRound.Add(leases, policy.Name, options.Pairs, count => Lease(channel, protocol, count));
                report.Stand("11a", nanoseconds, policy.Name);
                report.Stand("11b", bytes, policy.Name);

                var runner = new CallRunner(channel);
                var plan = new CallPlan(protocol, "/perf.Service/Do") { Idempotency = Idempotency.Idempotent, Policy = new() { Retry = RetryOptions.Default } };
                (double untraced, double little) = OperationRound.Add(calls, policy.Name, options.Pairs, count => Call(runner, plan, count));
                CallPlan limited = plan with { Timeout = TimeSpan.FromSeconds(30) };
                (double timed, double token) = OperationRound.Add(calls, policy.Name + ", with a deadline", options.Pairs, count => Call(runner, limited, count));
                report.Stand("11c", timed, policy.Name);
                report.Stand("11d", token, policy.Name);
                spans.Switch(isOn: true);
                double traced, much;

                // As below a caller's own span, whose trace the attempts belong to.
                using (var caller = new Activity("caller"))
                {
                    caller.Start();
                    (traced, much) = OperationRound.Add(calls, policy.Name + ", traced", options.Pairs, count => Call(runner, plan, count));
                }

                spans.Switch(isOn: false);
                if (policy == Balancing.LeastConnections)
                {
                    report.Stand("12a", (traced - untraced) / 1000, "an attempt in the pool");
                    report.Stand("12b", much - little, "an attempt in the pool");
                }
            }
        }

        leases.Notes.Add("From TryRent to Complete: the pick, the place on a connection, breaker, outlier ejection, load figures, health. Nothing is sent. All threads share the channel.");
        calls.Notes.Add("A handler that answers at once, as in the section 'resilience'. Traced: below a span of the caller's, the span of each attempt is recorded with all its tags, and dropped.");
        report.Tables.Add(leases);
        report.Tables.Add(calls);
        return report;
    }

    private static NetChannel Make(BalancingPolicy policy, ChannelProtocol protocol) => new(new NetChannelOptions
    {
        EndPoints = [.. Enumerable.Range(1, EndPoints).Select(i => ChannelEndPoint.Parse(string.Create(CultureInfo.InvariantCulture, $"10.0.0.{i}:443")) with { Weight = policy == Balancing.Weighted ? i : 1 })],
        WarmUp = [protocol],
        Tls = ClientTlsSource.Fixed(new ClientTlsOptions { ServerCertificatePolicy = new NoTrust() }),
        Pool = PoolOptions.Default with { MinConnections = 1, MaxConnections = 1 },
        Balancing = policy,
        Outliers = OutlierOptions.Default,

        // All end points are to be asked from the first round on.
        SlowStart = SlowStartOptions.Default with { Window = TimeSpan.Zero },
    });

    private static void Lease(NetChannel channel, ChannelProtocol protocol, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (!channel.TryRent(protocol, default, out ChannelLease lease))
            {
                throw new InvalidOperationException("The pool should have had room.");
            }

            lease.Complete(CallOutcome.Success);
        }
    }

    private static void Call(CallRunner runner, CallPlan plan, int count)
    {
        var handler = new Immediate();
        for (int i = 0; i < count; i++)
        {
            ValueTask<int> call = runner.RunAsync(plan, i, handler);
            if (!call.IsCompletedSuccessfully || call.Result != i)
            {
                throw new InvalidOperationException("The call should have ended by now.");
            }
        }
    }

    private sealed class Immediate : CallHandler<int, int>
    {
        public override ValueTask<int> SendAsync(int request, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken) => new(request);
    }

    private sealed class NoTrust : PeerCertificatePolicy
    {
        public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context) => throw new NotSupportedException("Nobody shows a certificate here.");
    }
}
