using System.Text.Json;
using Net.Hosting.Serving;

namespace Net.Hosting.Benchmarking;

/// <summary>Runs <c>net bench</c>: connects, warms up, measures, reports.</summary>
internal sealed class BenchRunner(HostContext context, BenchOptions options)
{
    // Enough to keep two cores busy with handshakes; more would only make each take longer.
    private const int ConnectsAtOnce = 16;

    private readonly LatencyHistogram _connectTimes = new();

    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var signals = new ShutdownSignals();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop, cancellationToken);
        BenchLoad load = options.Service == BenchService.RawEcho
            ? await RawEchoLoad.OpenAsync(context, options).ConfigureAwait(false)
            : await CallLoad.OpenAsync(context, options).ConfigureAwait(false);
        await using (load.ConfigureAwait(false))
        {
            await Parallel.ForAsync(
                0, options.Connections, new ParallelOptions { MaxDegreeOfParallelism = ConnectsAtOnce, CancellationToken = stop.Token },
                async (i, token) =>
                {
                    long started = context.TimeProvider.GetTimestamp();
                    await load.ConnectAsync(i, token).ConfigureAwait(false);
                    _connectTimes.Record(context.TimeProvider.GetElapsedTime(started));
                }).ConfigureAwait(false);
            BenchReport report = await MeasureAsync(load, stop).ConfigureAwait(false);
            return report.ErrorCount == 0 && report.Echoes > 0 ? ExitCodes.Ok : ExitCodes.Failure;
        }
    }

    private async Task<BenchReport> MeasureAsync(BenchLoad load, CancellationTokenSource stop)
    {
        List<BenchWorker> workers = [];
        List<LatencyHistogram> histograms = [];
        for (int i = 0; i < options.Connections; i++)
        {
            var latencies = new LatencyHistogram();
            histograms.Add(latencies);
            int connection = i;
            workers.AddRange(Enumerable.Range(0, options.Streams).Select(_ => new BenchWorker(load.MakeCaller(connection), latencies)));
        }

        try
        {
            using var watch = new StallWatch(() => histograms.Sum(static histogram => histogram.Count), options.Target.Timeout, stop, context.TimeProvider);
            var warmup = new BenchPhase(context.TimeProvider, options.Warmup, null);
            await RunAsync(workers, warmup, isMeasured: false, stop.Token).ConfigureAwait(false);

            watch.Start();
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            long allocated = GC.GetTotalAllocatedBytes();
            var phase = new BenchPhase(context.TimeProvider, options.Count, options.Duration, options.Rate);
            await RunAsync(workers, phase, isMeasured: true, stop.Token).ConfigureAwait(false);
            TimeSpan elapsed = phase.Elapsed;
            cpu = Environment.CpuUsage.TotalTime - cpu;
            allocated = GC.GetTotalAllocatedBytes() - allocated;
            watch.ThrowIfStalled();

            var all = new LatencyHistogram();
            histograms.ForEach(all.Add);
            BenchReport report = Make(load, all, phase, elapsed, cpu, allocated);
            await WriteAsync(report, all).ConfigureAwait(false);
            return report;
        }
        finally
        {
            foreach (BenchWorker worker in workers)
            {
                await worker.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static Task RunAsync(List<BenchWorker> workers, BenchPhase phase, bool isMeasured, CancellationToken cancellationToken) =>
        Task.WhenAll(workers.Select(worker => worker.RunAsync(phase, isMeasured, cancellationToken)));

    private BenchReport Make(BenchLoad load, LatencyHistogram all, BenchPhase phase, TimeSpan elapsed, TimeSpan cpu, long allocated)
    {
        double count = Math.Max(1, all.Count);
        double perSecond = all.Count / Math.Max(elapsed.TotalSeconds, 1e-9);
        return new BenchReport
        {
            EndPoint = options.Target.EndPoint.ToString(),
            Service = options.Service switch { BenchService.RawEcho => "raw echo", BenchService.GrpcEcho => "grpc echo", _ => "aql" },
            Engine = load.Via,
            RatePerSecond = options.Rate,
            Connections = options.Connections,
            StreamsPerConnection = options.Streams,
            Bytes = options.Size,
            NewStreamPerEcho = options.NewStream,
            Seconds = Math.Round(elapsed.TotalSeconds, 3),
            Echoes = all.Count,
            EchoesPerSecond = Math.Round(perSecond, 1),
            MegabytesPerSecond = Math.Round(perSecond * options.Size / 1e6, 3),
            CpuMicrosecondsPerEcho = Math.Round(cpu.TotalMicroseconds / count, 3),
            AllocatedBytesPerEcho = Math.Round(allocated / count, 1),
            Latency = LatencyReport.From(all),
            Connect = LatencyReport.From(_connectTimes),
            Errors = phase.Errors,
            ErrorCount = phase.ErrorCount,
        };
    }

    private async Task WriteAsync(BenchReport report, LatencyHistogram latencies)
    {
        if (options.Json)
        {
            await context.Output.WriteLineAsync(JsonSerializer.Serialize(report, HostJson.Default.BenchReport)).ConfigureAwait(false);
        }
        else
        {
            BenchText.Write(context.Console, report, latencies);
        }
    }
}
