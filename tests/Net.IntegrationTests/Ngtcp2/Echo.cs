using System.Buffers;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Clients of an <see cref="EchoServer"/>.</summary>
internal static class Echo
{
    /// <summary>Bytes that show a gap, a repetition or a swap.</summary>
    internal static byte[] Payload(int length, int seed = 0)
    {
        byte[] data = new byte[length];
        new Random(seed).NextBytes(data);
        return data;
    }

    /// <summary>Sends bytes on a stream of their own, and checks that the same come back.</summary>
    internal static async Task RoundTripAsync(TransportConnection connection, byte[] payload, Idempotency idempotency = Idempotency.NonIdempotent)
    {
        await using TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional, idempotency).WithTimeout();
        await RoundTripAsync(stream, payload);
    }

    internal static async Task RoundTripAsync(TransportConnection connection, string text) =>
        await RoundTripAsync(connection, System.Text.Encoding.UTF8.GetBytes(text));

    internal static async Task RoundTripAsync(TransportStream stream, byte[] payload)
    {
        Task sending = SendAsync(stream, payload);
        byte[] received = await ReadToEndAsync(stream).WithTimeout();
        await sending.WithTimeout();
        Assert.IsTrue(payload.AsSpan().SequenceEqual(received), $"Stream {stream.Id} sent {payload.Length} bytes and got {received.Length} others back.");
    }

    /// <summary>Sends some bytes on an open stream and waits for as many to come back.</summary>
    internal static async Task ExchangeAsync(TransportStream stream, byte[] payload)
    {
        await stream.Output.WriteAsync(payload).WithTimeout();
        var read = await stream.Input.ReadAtLeastAsync(payload.Length).WithTimeout();
        Assert.IsTrue(payload.AsSpan().SequenceEqual(read.Buffer.ToArray()), $"Stream {stream.Id}: the echo differs.");
        stream.Input.AdvanceTo(read.Buffer.End);
    }

    internal static async Task<byte[]> ReadToEndAsync(TransportStream stream)
    {
        var received = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await stream.Input.ReadAsync();
            foreach (ReadOnlyMemory<byte> part in read.Buffer)
            {
                received.Write(part.Span);
            }

            stream.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return received.WrittenSpan.ToArray();
            }
        }
    }

    private static async Task SendAsync(TransportStream stream, byte[] payload)
    {
        for (int offset = 0; offset < payload.Length; offset += 65536)
        {
            await stream.Output.WriteAsync(payload.AsMemory(offset, Math.Min(65536, payload.Length - offset)));
        }

        await stream.Output.CompleteAsync();
    }
}
