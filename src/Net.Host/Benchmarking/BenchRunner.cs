using System.Text.Json;
using Net.Client;
using Net.Hosting.Echoing;
using Net.Hosting.Serving;

namespace Net.Hosting.Benchmarking;

/// <summary>Runs <c>net bench echo</c>: connects, warms up, measures, reports.</summary>
internal sealed class BenchRunner(HostContext context, BenchOptions options)
{
    // Enough to keep two cores busy with handshakes; more would only make each take longer.
    private const int ConnectsAtOnce = 16;

    private readonly LatencyHistogram _connectTimes = new();

    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var signals = new ShutdownSignals();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop, cancellationToken);
        TransportEngine engine = await context.Engines.SelectAsync(options.Target.Engine).ConfigureAwait(false);
        await using (engine.ConfigureAwait(false))
        {
            TransportConnection[] connections = [];
            try
            {
                connections = await ConnectAsync(engine, stop.Token).ConfigureAwait(false);
                BenchReport report = await MeasureAsync(engine, connections, stop).ConfigureAwait(false);
                return report.ErrorCount == 0 && report.Echoes > 0 ? ExitCodes.Ok : ExitCodes.Failure;
            }
            finally
            {
                foreach (TransportConnection connection in connections)
                {
                    await connection.CloseAsync(RawStreamErrorCodes.NoError, "", CancellationToken.None).ConfigureAwait(false);
                    await connection.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
    }

    private async Task<TransportConnection[]> ConnectAsync(TransportEngine engine, CancellationToken cancellationToken)
    {
        ConnectOptions connect = options.Target.MakeConnectOptions(engine, context.TimeProvider.GetUtcNow(), options.Inline);
        var connections = new TransportConnection?[options.Connections];
        try
        {
            await Parallel.ForAsync(
                0, connections.Length, new ParallelOptions { MaxDegreeOfParallelism = ConnectsAtOnce, CancellationToken = cancellationToken },
                async (i, token) =>
                {
                    long started = context.TimeProvider.GetTimestamp();
                    connections[i] = await options.Target.ConnectAsync(engine, connect, token).ConfigureAwait(false);
                    _connectTimes.Record(context.TimeProvider.GetElapsedTime(started));
                }).ConfigureAwait(false);
        }
        catch
        {
            foreach (TransportConnection? connection in connections)
            {
                if (connection is not null)
                {
                    await connection.DisposeAsync().ConfigureAwait(false);
                }
            }

            throw;
        }

        return connections!;
    }

    private async Task<BenchReport> MeasureAsync(TransportEngine engine, TransportConnection[] connections, CancellationTokenSource stop)
    {
        byte[] payload = new byte[options.Size];
        context.Random.NextBytes(payload);
        List<BenchWorker> workers = [];
        List<LatencyHistogram> histograms = [];
        foreach (TransportConnection connection in connections)
        {
            var client = new RawStreamClient(connection, timeProvider: context.TimeProvider);
            var latencies = new LatencyHistogram();
            histograms.Add(latencies);
            workers.AddRange(Enumerable.Range(0, options.Streams).Select(_ => new BenchWorker(connection, client, options, payload, latencies, context.TimeProvider)));
        }

        try
        {
            using var watch = new StallWatch(() => histograms.Sum(static histogram => histogram.Count), options.Target.Timeout, stop, context.TimeProvider);
            var warmup = new BenchPhase(context.TimeProvider, options.Warmup, null);
            await RunAsync(workers, warmup, isMeasured: false, stop.Token).ConfigureAwait(false);

            watch.Start();
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            long allocated = GC.GetTotalAllocatedBytes();
            var phase = new BenchPhase(context.TimeProvider, options.Count, options.Duration);
            await RunAsync(workers, phase, isMeasured: true, stop.Token).ConfigureAwait(false);
            TimeSpan elapsed = phase.Elapsed;
            cpu = Environment.CpuUsage.TotalTime - cpu;
            allocated = GC.GetTotalAllocatedBytes() - allocated;
            watch.ThrowIfStalled();

            var all = new LatencyHistogram();
            histograms.ForEach(all.Add);
            BenchReport report = Make(engine, all, phase, elapsed, cpu, allocated);
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

    private BenchReport Make(TransportEngine engine, LatencyHistogram all, BenchPhase phase, TimeSpan elapsed, TimeSpan cpu, long allocated)
    {
        double count = Math.Max(1, all.Count);
        double perSecond = all.Count / Math.Max(elapsed.TotalSeconds, 1e-9);
        return new BenchReport
        {
            EndPoint = options.Target.EndPoint.ToString(),
            Engine = engine.Name,
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
