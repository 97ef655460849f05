using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Net.Chaos.Running.Loads;
using Net.Client;

namespace Net.Chaos.Simulation;

/// <summary>Sends a call as a raw stream on the session that it is lent, and reads the answer. The result is whether that was the right one.</summary>
/// <param name="timeProvider">The simulation's clock.</param>
internal class SimulatedCallHandler(TimeProvider timeProvider) : CallHandler<SimulatedCall, bool>
{
    internal const string CallRoute = "call";

    /// <summary>How many calls each end point has answered.</summary>
    internal Dictionary<ChannelEndPoint, int> Answered { get; } = new(ChannelEndPoint.PlaceComparer);

    public override async ValueTask<bool> SendAsync(SimulatedCall request, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken)
    {
        ChannelEndPoint endPoint = lease.EndPoint;
        request.Sending++;
        try
        {
            bool isRight = await SendCoreAsync(request, lease, attempt, cancellationToken).ConfigureAwait(false);
            Answered[endPoint] = Answered.GetValueOrDefault(endPoint) + 1;
            return isRight;
        }
        finally
        {
            request.Sending--;
        }
    }

    public override AttemptVerdict Classify(SimulatedCall request, Exception exception)
    {
        AttemptVerdict verdict = base.Classify(request, exception);
        return exception is TransportException { ApplicationErrorCode: RawStreamErrorCodes.HandlerFailed } ? verdict with { Outcome = CallOutcome.ServerFailure } : verdict;
    }

    /// <summary>Whether a stream may be sent twice, and so early.</summary>
    protected virtual Idempotency StreamIdempotency(AttemptContext attempt) => attempt.Idempotency;

    /// <summary>Reads an answer to its end and compares it.</summary>
    internal static async Task<bool> ReadAsync(PipeReader input, byte[] expected, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (read.IsCompleted)
            {
                bool isRight = read.Buffer.Length == expected.Length && read.Buffer.ToArray().AsSpan().SequenceEqual(expected);
                input.AdvanceTo(read.Buffer.End);
                return isRight;
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private async Task<bool> SendCoreAsync(SimulatedCall request, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken)
    {
        TimeSpan left = timeProvider.GetElapsedTime(timeProvider.GetTimestamp(), attempt.Deadline);
        var options = new RawStreamOptions
        {
            Deadline = left > TimeSpan.FromTicks(1) ? left : TimeSpan.FromTicks(1),
            Idempotency = StreamIdempotency(attempt),
            Metadata = RawStreamMetadata.Create((UnaryLoad.IdName, request.Record.Id.ToString("x32", CultureInfo.InvariantCulture))),
        };
        RawStream stream = await ((RawStreamSession)lease.Session).OpenAsync(CallRoute, options, null, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await WriteAsync(stream.Output, request.Content, cancellationToken).ConfigureAwait(false);
            return await ReadAsync(stream.Input, request.Content, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task WriteAsync(PipeWriter output, byte[] content, CancellationToken cancellationToken)
    {
        try
        {
            await output.WriteAsync(content, cancellationToken).ConfigureAwait(false);
            await output.CompleteAsync().ConfigureAwait(false);
        }
        catch (TransportException)
        {
            // The server's answer, which is read next, says more than that it stopped listening.
        }
    }
}
