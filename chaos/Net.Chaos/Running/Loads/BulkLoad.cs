using System.IO.Pipelines;
using Net.Chaos.Ledgers;
using Net.Client;

namespace Net.Chaos.Running.Loads;

/// <summary>Large transfers over raw echo streams, one after the other on each of the load's lanes. Each is one call.</summary>
internal static class BulkLoad
{
    private const int BlockLength = 16 * 1024;

    // What is refused at once would else be tried thousands of times a second.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    internal static Task RunAsync(LoadRun run) => Task.WhenAll(Enumerable.Range(0, run.Plan.Streams).Select(_ => RunLaneAsync(run)));

    private static async Task RunLaneAsync(LoadRun run)
    {
        while (!run.LoadEnds.IsCancellationRequested)
        {
            UInt128 id = run.Ledger.NewId();
            CallRecord record = run.Ledger.Begin(run.Client.Name, run.Plan.Name, run.Plan.IsIdempotent, run.Plan.Deadline, request: null, id);
            var trace = new CallTrace();
            try
            {
                bool isRight = await TransferAsync(run, id, trace).ConfigureAwait(false);
                record.End(isRight ? CallResult.Ok : CallResult.Failed, run.Ledger.Now, isRight ? "" : "other bytes came back than were sent", run.Client.Explain(trace).Hosts, 1, !isRight);
            }
            catch (Exception exception) when (exception is TransportException or OperationCanceledException)
            {
                record.End(CallEnds.ResultOf(exception), run.Ledger.Now, CallEnds.Describe(exception), run.Client.Explain(trace).Hosts);
                await Task.Delay(Pause, run.TimeProvider, run.LoadEnds).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static async Task<bool> TransferAsync(LoadRun run, UInt128 id, CallTrace trace)
    {
        var options = new RawStreamOptions
        {
            Deadline = run.Plan.Deadline,
            Idempotency = run.Plan.IsIdempotent ? Idempotency.Idempotent : Idempotency.NonIdempotent,
            Metadata = RawStreamMetadata.Create((UnaryLoad.IdName, id.ToString("x32", System.Globalization.CultureInfo.InvariantCulture))),
        };
        RawStream stream = await run.Client.Channel.OpenStreamAsync(RawLoad.Route, options, affinityHash: null, trace, run.Stop).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            Task<bool> reading = ReadAsync(stream.Input, (ulong)id, run.Plan.Size, run.Stop);
            long sent = 0;
            for (ulong block = 0; sent < run.Plan.Size; block++)
            {
                // Every block is made whole and the last one cut, so that the reader makes the same.
                Memory<byte> memory = stream.Output.GetMemory(BlockLength)[..BlockLength];
                MessagePattern.Fill(memory.Span, (ulong)id, block);
                int length = (int)Math.Min(BlockLength, run.Plan.Size - sent);
                stream.Output.Advance(length);
                sent += length;
                await stream.Output.FlushAsync(run.Stop).ConfigureAwait(false);
            }

            await stream.Output.CompleteAsync().ConfigureAwait(false);
            return await reading.ConfigureAwait(false);
        }
    }

    private static async Task<bool> ReadAsync(PipeReader input, ulong id, long size, CancellationToken cancellationToken)
    {
        var expected = new byte[BlockLength];
        long read = 0;
        bool isRight = true;
        while (true)
        {
            ReadResult result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
            {
                ReadOnlyMemory<byte> rest = segment;
                while (rest.Length > 0 && isRight)
                {
                    int place = (int)(read % BlockLength);
                    if (place == 0)
                    {
                        MessagePattern.Fill(expected, id, (ulong)(read / BlockLength));
                    }

                    int length = Math.Min(rest.Length, BlockLength - place);
                    isRight = read + length <= size && rest.Span[..length].SequenceEqual(expected.AsSpan(place, length));
                    read += length;
                    rest = rest[length..];
                }
            }

            input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return isRight && read == size;
            }
        }
    }
}
