using System.Threading.Tasks.Sources;
using Net.Client;
using Net.Perf.Reporting;
using Net.Perf.Sections;
using Polly;
using Polly.CircuitBreaker;

namespace Net.Perf.Channels;

/// <summary>What breaker, ejection, retry budget and call runner cost each call that succeeds, with Polly's breaker beside them.</summary>
internal static class ResilienceSection
{
    internal static Task<Report> RunAsync(RunOptions options)
    {
        var report = new Report();
        report.Tables.Add(Parts(options));
        report.Tables.Add(Calls(options));
        return Task.FromResult(report);
    }

    private static FigureTable Parts(RunOptions options)
    {
        var figures = new FigureTable("Resilience, parts, for each call that succeeds", OperationRound.Columns);
        using var consecutive = new CircuitBreaker("a:1", new() { FailureRatio = null });
        using var ratio = new CircuitBreaker("a:1");
        OutlierMember outlier = new OutlierEjector().Add("a:1");
        var budget = new RetryBudget();
        ResiliencePipeline polly = new ResiliencePipelineBuilder().AddCircuitBreaker(new CircuitBreakerStrategyOptions()).Build();
        void Add(string name, Action<int> repeat)
        {
            if (options.Wants(name))
            {
                OperationRound.Add(figures, name, options.Pairs, repeat);
            }
        }

        Add("clock", static count => Repeat(count, static () => _ = TimeProvider.System.GetTimestamp()));
        Add("breaker, failures in a row only", count => Report(consecutive, count));
        Add("breaker", count => Report(ratio, count));
        Add("breaker, the time is known", count => Report(ratio, TimeProvider.System.GetTimestamp(), count));
        Add("Polly.Core's breaker", count => Repeat(count, () => polly.Execute(static () => { })));
        Add("outlier ejection, the time is known", count =>
        {
            long now = TimeProvider.System.GetTimestamp();
            for (int i = 0; i < count; i++)
            {
                outlier.Record(CallOutcome.Success, now);
            }
        });
        Add("retry budget, full", count => Repeat(count, budget.RecordSuccess));
        figures.Notes.Add("All threads share the one breaker, member and budget: the worst case, a channel with a single end point. Their figures include the threads' own start and end: see the row of the clock, which they do not share.");
        return figures;
    }

    private static FigureTable Calls(RunOptions options)
    {
        var figures = new FigureTable("Call runner, for each call whose first attempt succeeds", OperationRound.Columns);
        var source = new EmptySource();
        var runner = new CallRunner(source);
        var immediate = new Immediate();
        var protocol = new NoProtocol();
        var plain = new CallPlan(protocol, "/perf.Service/Do") { Idempotency = Idempotency.Idempotent };
        CallPlan retried = plain with { Policy = new() { Retry = RetryOptions.Default } };
        CallPlan timed = plain with { Policy = new() { Retry = RetryOptions.Default, Timeouts = TimeoutOptions.Default } };
        void Add(string name, Action<int> repeat)
        {
            if (options.Wants(name))
            {
                OperationRound.Add(figures, name, options.Pairs, repeat);
            }
        }

        Add("handler alone", count => Repeat(count, () => Take(immediate.SendAsync(0, default, default, default))));
        Add("runner, no policy, ends at once", count => Repeat(count, () => Take(runner.RunAsync(plain, 0, immediate))));
        Add("runner, retries, ends at once", count => Repeat(count, () => Take(runner.RunAsync(retried, 0, immediate))));
        Add("runner, retries, ends later", count =>
        {
            var later = new Later();
            for (int i = 0; i < count; i++)
            {
                ValueTask<int> call = runner.RunAsync(retried, 0, later);
                later.Complete();
                Take(call);
            }
        });
        Add("runner, retries and 30 s timeout, ends later", count =>
        {
            var later = new Later();
            for (int i = 0; i < count; i++)
            {
                ValueTask<int> call = runner.RunAsync(timed, 0, later);
                later.Complete();
                Take(call);
            }
        });
        Add("runner, retries and 30 s timeout", count => Repeat(count, () => Take(runner.RunAsync(timed, 0, immediate))));
        figures.Notes.Add("The channel lends nothing and costs nothing here: these are the runner's own costs, with one call of the handler.");
        return figures;
    }

    private static int Take(ValueTask<int> call) =>
        call.IsCompletedSuccessfully ? call.Result : throw new InvalidOperationException("The call should have ended by now.");

    private static void Repeat(int count, Action operation)
    {
        for (int i = 0; i < count; i++)
        {
            operation();
        }
    }

    private static void Report(CircuitBreaker breaker, int count)
    {
        for (int i = 0; i < count; i++)
        {
            breaker.TryAcquire(out BreakerPermit permit);
            permit.Report(CallOutcome.Success);
        }
    }

    private static void Report(CircuitBreaker breaker, long now, int count)
    {
        for (int i = 0; i < count; i++)
        {
            breaker.TryAcquire(out BreakerPermit permit);
            permit.Report(CallOutcome.Success, now);
        }
    }

    private sealed class NoProtocol : ChannelProtocol
    {
        public override string Name => "none";

        public override ValueTask<ChannelSession> ConnectAsync(ChannelConnectContext context, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class EmptySource : LeaseSource
    {
        public override TimeProvider TimeProvider => TimeProvider.System;

        public override bool TryRent(ChannelProtocol protocol, in LeaseRequest request, out ChannelLease lease)
        {
            lease = default;
            return true;
        }

        public override ValueTask<ChannelLease> RentAsync(ChannelProtocol protocol, LeaseRequest request, CancellationToken cancellationToken = default) => default;
    }

    private sealed class Immediate : CallHandler<int, int>
    {
        public override ValueTask<int> SendAsync(int request, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken) => new(request);
    }

    private sealed class Later : CallHandler<int, int>, IValueTaskSource<int>
    {
        private ManualResetValueTaskSourceCore<int> _core;

        public override ValueTask<int> SendAsync(int request, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken)
        {
            _core.Reset();
            return new ValueTask<int>(this, _core.Version);
        }

        public int GetResult(short token) => _core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);

        internal void Complete() => _core.SetResult(0);
    }
}
