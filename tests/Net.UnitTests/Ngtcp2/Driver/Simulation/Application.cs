using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;

namespace Net.UnitTests.Ngtcp2.Driver.Simulation;

/// <summary>What applications do with streams. The awaits go on inside the simulator's steps, as the connections have inline continuations.</summary>
internal static class Application
{
    /// <summary>Sends pseudo-random bytes and the FIN.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="seed">What the bytes are made of.</param>
    /// <param name="total">How many.</param>
    /// <param name="chunk">Bytes between two flushes, at most.</param>
    /// <returns>The SHA-256 of what was sent.</returns>
    internal static async Task<string> SendAsync(PipeWriter output, int seed, long total, int chunk = 16_384)
    {
        var random = new Random(seed);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] bytes = new byte[Math.Min(chunk, Math.Max(1, total))];
        for (long sent = 0; sent < total;)
        {
            int length = (int)Math.Min(bytes.Length, total - sent);
            random.NextBytes(bytes.AsSpan(0, length));
            digest.AppendData(bytes, 0, length);
            await output.WriteAsync(bytes.AsMemory(0, length));
            sent += length;
        }

        await output.CompleteAsync();
        return Convert.ToHexString(digest.GetHashAndReset());
    }

    /// <summary>Reads to the FIN.</summary>
    /// <returns>The SHA-256 of what came, and how much it was.</returns>
    internal static async Task<(string Digest, long Length)> ReceiveAsync(PipeReader input)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long total = 0;
        while (true)
        {
            ReadResult read = await input.ReadAsync();
            foreach (ReadOnlyMemory<byte> memory in read.Buffer)
            {
                digest.AppendData(memory.Span);
            }

            total += read.Buffer.Length;
            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return (Convert.ToHexString(digest.GetHashAndReset()), total);
            }
        }
    }

    /// <summary>Sends back what comes, and the FIN after the peer's.</summary>
    internal static async Task EchoAsync(TransportStream stream)
    {
        await using (stream)
        {
            while (true)
            {
                ReadResult read = await stream.Input.ReadAsync();
                foreach (ReadOnlyMemory<byte> memory in read.Buffer)
                {
                    stream.Output.Write(memory.Span);
                }

                stream.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }

                await stream.Output.FlushAsync();
            }

            await stream.Output.CompleteAsync();
        }
    }

    /// <summary>Disposes a stream, which never waits.</summary>
    internal static void Release(TransportStream stream) => Assert.IsTrue(stream.DisposeAsync().AsTask().IsCompletedSuccessfully);

    /// <summary>Hands each stream of the peer's to a handler until the connection is over.</summary>
    /// <returns>A task that ends with the connection, or fails when a handler does.</returns>
    internal static async Task ServeAsync(TransportConnection connection, Func<TransportStream, Task> handler)
    {
        var running = new List<Task>();
        while (!connection.Closed.IsCompleted)
        {
            try
            {
                running.Add(handler(await connection.AcceptStreamAsync()));
            }
            catch (TransportException)
            {
                break;
            }
        }

        foreach (Task task in running)
        {
            try
            {
                await task;
            }
            catch (TransportException)
            {
                // The connection ended under the stream.
            }
        }
    }
}
