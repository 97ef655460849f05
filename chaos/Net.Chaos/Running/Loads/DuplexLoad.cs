using System.Globalization;
using Net.Chaos.Ledgers;
using Net.Grpc;
using Net.Protocol.Echo;

namespace Net.Chaos.Running.Loads;

/// <summary>gRPC bidirectional echo that is kept open, with the checks of <see cref="KeptStream"/>.</summary>
internal static class DuplexLoad
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    internal static Task RunAsync(LoadRun run) => Task.WhenAll(Enumerable.Range(0, run.Plan.Streams).Select(_ => KeepAsync(run)));

    private static async Task KeepAsync(LoadRun run)
    {
        while (!run.LoadEnds.IsCancellationRequested)
        {
            StreamRecord record = run.Notes.AddStream(run.Client.Name, run.Plan.Name);
            try
            {
                await RunOneAsync(run, record).ConfigureAwait(false);
                continue;
            }
            catch (Exception exception) when (exception is GrpcException or TransportException or OperationCanceledException or HttpRequestException)
            {
                record.Detail = CallEnds.Describe(exception);
                record.BrokenAt = run.Ledger.Now;
            }

            await Task.Delay(Pause, run.TimeProvider, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static async Task RunOneAsync(LoadRun run, StreamRecord record)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(run.Stop);
        GrpcDuplexCall<EchoRequest, EchoResponse> call = run.Client.Grpc.Duplex(UnaryLoad.EchoStream, new GrpcCallOptions { Idempotency = Idempotency.NonIdempotent }, ending.Token);
        await using (call.ConfigureAwait(false))
        {
            string filler = new('.', Math.Max(0, run.Plan.Size - 32));
            Task reading = ReadAsync(call, record, filler, ending.Token);
            try
            {
                await WriteAsync(run, call, record, filler, ending.Token).ConfigureAwait(false);
            }
            finally
            {
                ending.CancelAfter(run.Plan.Deadline);
                await reading.ConfigureAwait(false);
            }
        }

        record.Wrong += Math.Max(0, record.Sent - record.Received - record.Wrong);
    }

    private static async Task WriteAsync(LoadRun run, GrpcDuplexCall<EchoRequest, EchoResponse> call, StreamRecord record, string filler, CancellationToken cancellationToken)
    {
        long started = run.TimeProvider.GetTimestamp();
        while (!run.LoadEnds.IsCancellationRequested && (run.Plan.Age == TimeSpan.Zero || run.TimeProvider.GetElapsedTime(started) < run.Plan.Age))
        {
            for (double due = run.TimeProvider.GetElapsedTime(started).TotalSeconds * run.Plan.Rate; record.Sent < due; record.Sent++)
            {
                await call.Requests.WriteAsync(Make(record, record.Sent, filler), cancellationToken).ConfigureAwait(false);
            }

            await Task.Delay(TimeSpan.FromSeconds(1 / run.Plan.Rate), run.TimeProvider, run.LoadEnds).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await call.CompleteRequestsAsync(cancellationToken).ConfigureAwait(false);
    }

    private static EchoRequest Make(StreamRecord record, long number, string filler) => new()
    {
        Payload = string.Create(CultureInfo.InvariantCulture, $"{record.Number:x16}{number:x16}{filler}"),
        Timestamp = number,
    };

    private static async Task ReadAsync(GrpcDuplexCall<EchoRequest, EchoResponse> call, StreamRecord record, string filler, CancellationToken cancellationToken)
    {
        await foreach (EchoResponse response in call.Responses.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            EchoRequest expected = Make(record, record.Received + record.Wrong, filler);
            if (response.Payload == expected.Payload && response.RequestTimestamp == expected.Timestamp)
            {
                record.Received++;
            }
            else
            {
                record.Wrong++;
            }
        }
    }
}
