using System.Buffers;
using System.IO.Pipelines;
using Net.Chaos.Ledgers;
using Net.Client;

namespace Net.Chaos.Running.Loads;

/// <summary>Raw echo streams that are kept open. Each message has its number and content that follows from it: a gap, a double, another order or a changed byte is seen.</summary>
internal static class KeptStream
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    internal static Task RunAsync(LoadRun run) => Task.WhenAll(Enumerable.Range(0, run.Plan.Streams).Select(_ => KeepAsync(run)));

    // A stream that breaks is noted as broken, and another one takes its place.
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
            catch (Exception exception) when (exception is TransportException or OperationCanceledException)
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
        RawStream stream = await run.Client.Channel.OpenStreamAsync(RawLoad.Route, new RawStreamOptions { Idempotency = Idempotency.NonIdempotent }, ending.Token).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            Task reading = ReadAsync(stream.Input, record, run.Plan.Size, ending.Token);
            try
            {
                await WriteAsync(run, stream.Output, record, ending.Token).ConfigureAwait(false);
            }
            finally
            {
                // When everything was sent, the rest of the echoes has as long as a call has.
                ending.CancelAfter(run.Plan.Deadline);
                await reading.ConfigureAwait(false);
            }
        }

        // The echo ends after the last byte; what has not come by then never comes.
        record.Wrong += Math.Max(0, record.Sent - record.Received - record.Wrong);
    }

    private static async Task WriteAsync(LoadRun run, PipeWriter output, StreamRecord record, CancellationToken cancellationToken)
    {
        long started = run.TimeProvider.GetTimestamp();
        while (!run.LoadEnds.IsCancellationRequested && (run.Plan.Age == TimeSpan.Zero || run.TimeProvider.GetElapsedTime(started) < run.Plan.Age))
        {
            double due = run.TimeProvider.GetElapsedTime(started).TotalSeconds * run.Plan.Rate;
            while (record.Sent < due)
            {
                MessagePattern.Fill(output.GetSpan(run.Plan.Size)[..run.Plan.Size], (ulong)record.Number, (ulong)record.Sent);
                output.Advance(run.Plan.Size);
                record.Sent++;
            }

            FlushResult flushed = await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (flushed.IsCompleted)
            {
                throw new TransportException(TransportError.StreamReset, "The echo ended although more was to come.");
            }

            await Task.Delay(TimeSpan.FromSeconds(1 / run.Plan.Rate), run.TimeProvider, run.LoadEnds).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await output.CompleteAsync().ConfigureAwait(false);
    }

    private static async Task ReadAsync(PipeReader input, StreamRecord record, int size, CancellationToken cancellationToken)
    {
        var expected = new byte[size];
        var received = new byte[size];
        while (true)
        {
            ReadResult result = await input.ReadAtLeastAsync(size, cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            while (buffer.Length >= size)
            {
                buffer.Slice(0, size).CopyTo(received);
                MessagePattern.Fill(expected, (ulong)record.Number, (ulong)(record.Received + record.Wrong));
                if (received.AsSpan().SequenceEqual(expected))
                {
                    record.Received++;
                }
                else
                {
                    record.Wrong++;
                }

                buffer = buffer.Slice(size);
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }
}
