using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;

namespace Net.IntegrationTests.Interop;

/// <summary>Asks the other end's stream application for something and checks the answer.</summary>
internal static class StreamRequests
{
    /// <summary>Sends bytes and reads them back at the same time.</summary>
    public static async Task EchoAsync(TransportConnection connection, int size, Idempotency idempotency = Idempotency.NonIdempotent)
    {
        byte[] data = RandomNumberGenerator.GetBytes(size);
        await using TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional, idempotency);
        Task sending = SendAsync(stream, StreamApplication.Request('e', null, data));
        byte[] back = await StreamApplication.ReadAllAsync(stream.Input);
        await sending;
        Assert.IsTrue(data.AsSpan().SequenceEqual(back), $"stream {stream.Id}: {back.Length} of {size} bytes came back, or other ones");
    }

    /// <summary>Sends bytes to the end and only then gets an answer, on a stream of the given direction.</summary>
    public static async Task DigestAsync(StreamApplication application, StreamDirection direction, int size)
    {
        byte[] data = RandomNumberGenerator.GetBytes(size);
        await using TransportStream stream = await application.Connection.OpenStreamAsync(direction);
        await SendAsync(stream, StreamApplication.Request('d', null, data));
        byte[] digest = direction == StreamDirection.Bidirectional
            ? await StreamApplication.ReadAllAsync(stream.Input)
            : await application.Answers.ReadAsync(new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token);
        CollectionAssert.AreEqual(SHA256.HashData(data), digest);
    }

    /// <summary>Lets the other end open a stream back to this one, which must be served.</summary>
    public static async Task AskBackAsync(TransportConnection connection, int size)
    {
        byte[] data = RandomNumberGenerator.GetBytes(size);
        await using TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional);
        await SendAsync(stream, StreamApplication.Request('b', null, data));
        CollectionAssert.AreEqual(SHA256.HashData(data), await StreamApplication.ReadAllAsync(stream.Input));
    }

    /// <summary>Opens an echo and waits for its first bytes, so that the other end has the stream in hand.</summary>
    public static async Task<TransportStream> OpenEchoAsync(TransportConnection connection)
    {
        TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional);
        await stream.Output.WriteAsync(StreamApplication.Request('e', null, "hello"u8));
        ReadResult result = await stream.Input.ReadAtLeastAsync(5);
        Assert.IsTrue(result.Buffer.ToArray().AsSpan().SequenceEqual("hello"u8));
        stream.Input.AdvanceTo(result.Buffer.End);
        return stream;
    }

    /// <summary>Sends a whole request on a stream of its own.</summary>
    public static async Task<TransportStream> SendAsync(TransportConnection connection, byte[] request)
    {
        TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional);
        await SendAsync(stream, request);
        return stream;
    }

    /// <summary>Writes, the given bytes first, until the peer has stopped reading.</summary>
    /// <returns>Its code.</returns>
    public static async Task<long?> WriteUntilStoppedAsync(TransportStream stream, byte[] first)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        TransportException stopped = await Assert.ThrowsExactlyAsync<TransportException>(async () =>
        {
            await stream.Output.WriteAsync(first, limit.Token);
            while (true)
            {
                await stream.Output.WriteAsync(new byte[1000], limit.Token);
            }
        });
        Assert.AreEqual(TransportError.StreamReset, stopped.Error);
        return stopped.ApplicationErrorCode;
    }

    /// <summary>Reads until the peer has reset the stream.</summary>
    /// <returns>Its code.</returns>
    public static async Task<long?> ReadUntilResetAsync(TransportStream stream)
    {
        TransportException reset = await Assert.ThrowsExactlyAsync<TransportException>(async () => await StreamApplication.ReadAllAsync(stream.Input));
        Assert.AreEqual(TransportError.StreamReset, reset.Error);
        return reset.ApplicationErrorCode;
    }

    private static async Task SendAsync(TransportStream stream, byte[] request)
    {
        await stream.Output.WriteAsync(request);
        await stream.Output.CompleteAsync();
    }
}
