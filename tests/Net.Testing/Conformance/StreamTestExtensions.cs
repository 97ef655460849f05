using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <summary>What tests do with streams all the time. Every wait has the test's limit.</summary>
public static class StreamTestExtensions
{
    /// <summary>Writes and flushes a text.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="text">ASCII text.</param>
    /// <returns>A task.</returns>
    public static async Task SendAsync(this TransportStream stream, string text)
    {
        ArgumentNullException.ThrowIfNull(stream);
        await stream.Output.WriteAsync(Encoding.ASCII.GetBytes(text)).WithTimeout().ConfigureAwait(false);
    }

    /// <summary>Writes, flushes and ends.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="data">The bytes.</param>
    /// <returns>A task.</returns>
    public static async Task SendAllAsync(this TransportStream stream, ReadOnlyMemory<byte> data)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!data.IsEmpty)
        {
            await stream.Output.WriteAsync(data).WithTimeout().ConfigureAwait(false);
        }

        await stream.Output.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>Reads so many bytes and consumes them.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="count">How many, at least 1.</param>
    /// <returns>The bytes.</returns>
    public static async Task<byte[]> ReadExactlyAsync(this PipeReader reader, int count)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ReadResult result = await reader.ReadAtLeastAsync(count).WithTimeout().ConfigureAwait(false);
        Assert.IsGreaterThanOrEqualTo(count, result.Buffer.Length, "The stream ended early.");
        ReadOnlySequence<byte> wanted = result.Buffer.Slice(0, count);
        byte[] bytes = wanted.ToArray();
        reader.AdvanceTo(wanted.End);
        return bytes;
    }

    /// <summary>Reads so many bytes as ASCII text.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="count">How many.</param>
    /// <returns>The text.</returns>
    public static async Task<string> ReceiveAsync(this TransportStream stream, int count)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Encoding.ASCII.GetString(await stream.Input.ReadExactlyAsync(count).ConfigureAwait(false));
    }

    /// <summary>Reads all that comes until the end.</summary>
    /// <param name="reader">The reader.</param>
    /// <returns>The bytes.</returns>
    public static async Task<byte[]> ReadToEndAsync(this PipeReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var all = new ArrayBufferWriter<byte>();
        while (true)
        {
            ReadResult result = await reader.ReadAsync().WithTimeout().ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
            {
                all.Write(segment.Span);
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return all.WrittenSpan.ToArray();
            }
        }
    }

    /// <summary>Answers a stream with its own bytes, then ends it. A reset ends it, too.</summary>
    /// <param name="stream">The stream; it is disposed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>A task that does not fail for what peers do.</returns>
    public static async Task EchoAsync(this TransportStream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        try
        {
            await stream.Input.CopyToAsync(stream.Output, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TransportException)
        {
            stream.Abort(0);
        }

        await stream.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Sends bytes on a new stream to a peer that echoes, and reads them back.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="data">The bytes.</param>
    /// <returns>What came back.</returns>
    public static async Task<byte[]> EchoAsync(this TransportConnection connection, byte[] data)
    {
        ArgumentNullException.ThrowIfNull(connection);
        TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout().ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            Task<byte[]> reading = stream.Input.ReadToEndAsync();
            await stream.SendAllAsync(data).ConfigureAwait(false);
            return await reading.ConfigureAwait(false);
        }
    }

    /// <summary>Asserts that a connection whose server echoes still works.</summary>
    /// <param name="connection">The connection.</param>
    /// <returns>A task.</returns>
    public static async Task AssertEchoesAsync(this TransportConnection connection)
    {
        byte[] data = [1, 2, 3, 4, 5];
        CollectionAssert.AreEqual(data, await connection.EchoAsync(data).ConfigureAwait(false));
    }
}
