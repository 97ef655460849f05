using System.Buffers;
using System.IO.Pipelines;

namespace Net.Server;

/// <summary>Sends back what comes, until the caller has said all. Copies from the receiving buffer straight into the sending one; an echo on a stream that exists allocates nothing.</summary>
public sealed class EchoHandler : IRawStreamHandler
{
    /// <inheritdoc/>
    public async Task HandleAsync(RawStreamContext stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        PipeReader input = stream.Input;
        PipeWriter output = stream.Output;
        while (true)
        {
            // No token: the router aborts the stream when its time is over, which ends the wait too.
            ReadResult read = await input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            foreach (ReadOnlyMemory<byte> segment in buffer)
            {
                output.Write(segment.Span);
            }

            input.AdvanceTo(buffer.End);
            if (read.IsCompleted)
            {
                // The FIN that follows the return carries what was written just now.
                return;
            }

            FlushResult flush = await output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            if (flush.IsCompleted)
            {
                return;
            }
        }
    }
}
