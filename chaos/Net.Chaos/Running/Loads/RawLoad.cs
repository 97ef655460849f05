using System.IO.Pipelines;
using Net.Chaos.Ledgers;
using Net.Client;

namespace Net.Chaos.Running.Loads;

/// <summary>A raw echo stream for each call. A call that may be made twice is repeated here, as the channel repeats only the opening of a stream.</summary>
internal static class RawLoad
{
    internal const string Route = "echo";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    internal static Task RunAsync(LoadRun run) => OpenLoop.RunAsync(run.Plan, () => CallAsync(run), run.TimeProvider, run.LoadEnds);

    private static async Task CallAsync(LoadRun run)
    {
        UInt128 id = run.Ledger.NewId();
        var content = new byte[run.Plan.Size];
        MessagePattern.Fill(content, (ulong)(id >> 64), (ulong)id);
        CallRecord record = run.Ledger.Begin(run.Client.Name, run.Plan.Name, run.Plan.IsIdempotent, run.Plan.Deadline, request: null, id);
        var hosts = new List<string>();
        bool mayHaveRun = false;
        for (int attempt = 1; ; attempt++)
        {
            var trace = new CallTrace();
            CallResult result;
            string detail = "";
            try
            {
                // An attempt that may be repeated is given up as the channel gives up those of gRPC; else it has all the time that is left.
                TimeSpan left = record.Deadline - run.Ledger.Now;
                left = run.Plan.IsIdempotent && attempt < run.Client.Plan.Attempts && left > run.Client.Plan.AttemptTimeout ? run.Client.Plan.AttemptTimeout : left;
                result = await ExchangeAsync(run, id, content, left > TimeSpan.Zero ? left : TimeSpan.FromTicks(1), trace).ConfigureAwait(false) ? CallResult.Ok : CallResult.Failed;
                hosts.AddRange(run.Client.Explain(trace).Hosts);
            }
            catch (Exception exception) when (exception is TransportException or OperationCanceledException)
            {
                result = CallEnds.ResultOf(exception);
                detail = CallEnds.Describe(exception);

                // A refusal is about its own attempt: what an earlier one did is not known.
                mayHaveRun |= result != CallResult.Refused;
                hosts.AddRange(run.Client.Explain(trace).Hosts);
                bool mayRepeat = (result == CallResult.Refused || run.Plan.IsIdempotent) && attempt < run.Client.Plan.Attempts;
                if (mayRepeat && !run.Stop.IsCancellationRequested && run.Ledger.Now + Pause < record.Deadline)
                {
                    await Task.Delay(Pause, run.TimeProvider, CancellationToken.None).ConfigureAwait(false);
                    continue;
                }
            }

            result = result == CallResult.Refused && mayHaveRun ? CallResult.Unknown : result;
            bool isWrong = result == CallResult.Failed && detail.Length == 0;
            record.End(result, run.Ledger.Now, isWrong ? "another text came back than was sent" : detail, hosts, attempt, isWrong);
            return;
        }
    }

    private static async Task<bool> ExchangeAsync(LoadRun run, UInt128 id, byte[] content, TimeSpan left, CallTrace trace)
    {
        var options = new RawStreamOptions
        {
            Deadline = left,
            Idempotency = run.Plan.IsIdempotent ? Idempotency.Idempotent : Idempotency.NonIdempotent,
            Metadata = RawStreamMetadata.Create((UnaryLoad.IdName, id.ToString("x32", System.Globalization.CultureInfo.InvariantCulture))),
        };
        RawStream stream = await run.Client.Channel.OpenStreamAsync(Route, options, affinityHash: null, trace, run.Stop).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            Task<bool> reading = ReadAsync(stream.Input, content, run.Stop);
            int first = run.Plan.Hold > TimeSpan.Zero ? content.Length / 2 : content.Length;
            await stream.Output.WriteAsync(content.AsMemory(0, first), run.Stop).ConfigureAwait(false);
            if (first < content.Length)
            {
                await Task.Delay(run.Plan.Hold, run.TimeProvider, run.Stop).ConfigureAwait(false);
                await stream.Output.WriteAsync(content.AsMemory(first), run.Stop).ConfigureAwait(false);
            }

            await stream.Output.CompleteAsync().ConfigureAwait(false);
            return await reading.ConfigureAwait(false);
        }
    }

    private static async Task<bool> ReadAsync(PipeReader input, byte[] expected, CancellationToken cancellationToken)
    {
        int read = 0;
        bool isRight = true;
        while (true)
        {
            ReadResult result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
            {
                isRight &= read + segment.Length <= expected.Length && segment.Span.SequenceEqual(expected.AsSpan(read, segment.Length));
                read += isRight ? segment.Length : 0;
            }

            input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return isRight && read == expected.Length;
            }
        }
    }
}
