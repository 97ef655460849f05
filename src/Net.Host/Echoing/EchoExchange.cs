using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Net.Client;

namespace Net.Hosting.Echoing;

/// <summary>Echoes on one stream, one after the other, each compared byte by byte. Waits use pooled state, so that what is measured is the library and not this.</summary>
internal sealed class EchoExchange(RawStream stream, TimeProvider timeProvider)
{
    private const int MaxUnflushed = 16 << 10;

    /// <summary>Sends a message and reads as many bytes back. Sending and reading go on together, so that a message may be larger than every buffer on the way.</summary>
    /// <param name="message">The bytes, at least one.</param>
    /// <returns>From before the first byte was written until the last one came back.</returns>
    /// <exception cref="HostException">Other bytes came back.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<TimeSpan> EchoAsync(ReadOnlyMemory<byte> message)
    {
        long started = timeProvider.GetTimestamp();
        ValueTask<FlushResult> sending = stream.Output.WriteAsync(message, CancellationToken.None);
        try
        {
            await ReadAsync(message).ConfigureAwait(false);
        }
        catch
        {
            // The reason stands on the reading side; the writing side is only brought to its end.
            stream.Abort();
            await IgnoreAsync(sending).ConfigureAwait(false);
            throw;
        }

        FlushResult flush = await sending.ConfigureAwait(false);
        TimeSpan elapsed = timeProvider.GetElapsedTime(started);
        return flush.IsCompleted ? throw new HostException(ExitCodes.Failure, "The server stopped reading; this route does not echo.") : elapsed;
    }

    /// <summary>Sends a message as all that the stream carries, and reads it back with the server's end.</summary>
    /// <param name="message">The bytes, at least one.</param>
    /// <exception cref="HostException">Other bytes came back.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    internal async ValueTask EchoWholeAsync(ReadOnlyMemory<byte> message)
    {
        // Completing without a flush lets bytes and FIN share a packet. What is larger than the send buffer must be flushed on the way.
        if (message.Length <= MaxUnflushed)
        {
            stream.Output.Write(message.Span);
            await stream.Output.CompleteAsync().ConfigureAwait(false);
            await ReadAsync(message).ConfigureAwait(false);
        }
        else
        {
            await EchoAsync(message).ConfigureAwait(false);
        }

        await FinishAsync().ConfigureAwait(false);
    }

    /// <summary>Says that all was sent and waits for the server to end too.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    internal async ValueTask FinishAsync()
    {
        await stream.Output.CompleteAsync().ConfigureAwait(false);
        ReadResult read = await stream.Input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
        long surplus = read.Buffer.Length;
        stream.Input.AdvanceTo(read.Buffer.End);
        if (surplus > 0)
        {
            throw new HostException(ExitCodes.Failure, $"The server sent {surplus} bytes more than it got; this route does not echo.");
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReadAsync(ReadOnlyMemory<byte> message)
    {
        int received = 0;
        while (received < message.Length)
        {
            ReadResult read = await stream.Input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                if (segment.Length > message.Length - received || !segment.Span.SequenceEqual(message.Span.Slice(received, segment.Length)))
                {
                    throw new HostException(ExitCodes.Failure, $"Other bytes came back than were sent, from byte {received} on; this route does not echo.");
                }

                received += segment.Length;
            }

            stream.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted && received < message.Length)
            {
                throw new HostException(ExitCodes.Failure, $"The server ended the stream after {received} of {message.Length} bytes; this route does not echo.");
            }
        }
    }

    private static async ValueTask IgnoreAsync(ValueTask<FlushResult> sending)
    {
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TransportException or OperationCanceledException or InvalidOperationException)
        {
            // Told by the reading side.
        }
    }
}
