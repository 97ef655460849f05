using System.Buffers;
using System.IO.Pipelines;
using Net.Chaos.Ledgers;
using Net.Client;

namespace Net.Chaos.Running.Loads;

/// <summary>Raw echo streams whose reader is slow and whose writer is not: whoever is between must hold both back, and hold no more than its windows meanwhile.</summary>
internal static class SlowStream
{
    private const long Cancelled = 0x10c;

    internal static Task RunAsync(LoadRun run) => Task.WhenAll(Enumerable.Range(0, run.Plan.Streams).Select(_ => KeepAsync(run)));

    // What is on its way when the load ends is given up: it is more than the reader would take in an hour.
    private static async Task KeepAsync(LoadRun run)
    {
        StreamRecord record = run.Notes.AddStream(run.Client.Name, run.Plan.Name);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(run.LoadEnds, run.Stop);
        try
        {
            var options = new RawStreamOptions { Idempotency = Idempotency.NonIdempotent };
            RawStream stream = await run.Client.Channel.OpenStreamAsync(RawLoad.Route, options, ending.Token).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                Task reading = ReadAsync(run, stream.Input, record, ending.Token);
                Task writing = WriteAsync(run, stream.Output, record, ending.Token);
                try
                {
                    Task first = await Task.WhenAny(reading, writing).ConfigureAwait(false);
                    await first.ConfigureAwait(false);
                }
                finally
                {
                    stream.Abort(Cancelled);
                    await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The load is over.
        }
        catch (Exception exception) when (exception is TransportException or OperationCanceledException)
        {
            record.Detail = CallEnds.Describe(exception);
            record.BrokenAt = run.Ledger.Now;
        }
    }

    private static async Task WriteAsync(LoadRun run, PipeWriter output, StreamRecord record, CancellationToken cancellationToken)
    {
        while (true)
        {
            MessagePattern.Fill(output.GetSpan(run.Plan.Size)[..run.Plan.Size], (ulong)record.Number, (ulong)record.Sent);
            output.Advance(run.Plan.Size);
            record.Sent++;
            FlushResult flushed = await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (flushed.IsCompleted)
            {
                throw Ended();
            }
        }
    }

    private static async Task ReadAsync(LoadRun run, PipeReader input, StreamRecord record, CancellationToken cancellationToken)
    {
        int size = run.Plan.Size;
        var expected = new byte[size];
        var received = new byte[size];
        using var turn = new PeriodicTimer(TimeSpan.FromSeconds(1 / run.Plan.Rate), run.TimeProvider);
        while (await turn.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            ReadResult result = await input.ReadAtLeastAsync(size, cancellationToken).ConfigureAwait(false);
            if (result.Buffer.Length < size)
            {
                throw Ended();
            }

            ReadOnlySequence<byte> message = result.Buffer.Slice(0, size);
            message.CopyTo(received);
            MessagePattern.Fill(expected, (ulong)record.Number, (ulong)(record.Received + record.Wrong));
            bool isRight = received.AsSpan().SequenceEqual(expected);
            record.Received += isRight ? 1 : 0;
            record.Wrong += isRight ? 0 : 1;
            input.AdvanceTo(message.End);
        }
    }

    private static TransportException Ended() => new(TransportError.StreamReset, "The echo ended although more was to come.");
}
