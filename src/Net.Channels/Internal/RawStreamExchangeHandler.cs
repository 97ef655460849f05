using System.IO.Pipelines;
using Net.Client;

namespace Net.Channels;

/// <summary>Opens raw streams, sends their opening and waits for the first answer. Until that has come the stream is this handler's, and another may take its place.</summary>
internal sealed class RawStreamExchangeHandler(RawStreamCallHandler streams) : CallHandler<RawStreamExchange, RawStream>
{
    public override async ValueTask<RawStream> SendAsync(RawStreamExchange exchange, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken)
    {
        RawStream stream = await OpenAsync(exchange, lease, attempt, cancellationToken).ConfigureAwait(false);
        try
        {
            await WriteAsync(exchange, stream, cancellationToken).ConfigureAwait(false);
            ReadResult answer = await stream.Input.ReadAsync(cancellationToken).ConfigureAwait(false);

            // Neither consumed nor examined: the caller's first read gets it.
            stream.Input.AdvanceTo(answer.Buffer.Start);
            lease.NoteFirstAnswer();
            return stream;
        }
        catch
        {
            streams.Discard(exchange.Call, stream);
            throw;
        }
    }

    public override AttemptVerdict Classify(RawStreamExchange exchange, Exception exception)
    {
        AttemptVerdict verdict = base.Classify(exchange, exception);
        return exception is TransportException { ApplicationErrorCode: not null } ? verdict with { Outcome = RawStreamCallHandler.OutcomeOf(exception) } : verdict;
    }

    public override AttemptVerdict Classify(RawStreamExchange exchange, RawStream result) => new(CallOutcome.Success) { KeepsLease = true };

    public override void Discard(RawStreamExchange exchange, RawStream result) => streams.Discard(exchange.Call, result);

    private async ValueTask<RawStream> OpenAsync(RawStreamExchange exchange, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken)
    {
        try
        {
            return await streams.SendAsync(exchange.Call, lease, attempt, cancellationToken).ConfigureAwait(false);
        }
        catch (TransportException exception) when (!exception.IsSafeToRetry && streams.Classify(exchange.Call, exception).IsUnprocessed)
        {
            // A stream that was not opened has sent nothing; one that fails later may have.
            throw new TransportException(exception.Error, exception.Message, exception) { IsSafeToRetry = true, RetryAfter = exception.RetryAfter };
        }
    }

    private static async ValueTask WriteAsync(RawStreamExchange exchange, RawStream stream, CancellationToken cancellationToken)
    {
        try
        {
            await stream.Output.WriteAsync(exchange.Opening, cancellationToken).ConfigureAwait(false);
            if (exchange.EndsOutput)
            {
                await stream.Output.CompleteAsync().ConfigureAwait(false);
            }
        }
        catch (TransportException exception) when (exception.ApplicationErrorCode is not null)
        {
            // The server may answer without wanting to hear all of the opening; if it refused the stream, the read says so.
        }
    }
}
