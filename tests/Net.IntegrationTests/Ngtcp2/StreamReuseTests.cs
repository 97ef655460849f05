using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Memory of a stream serves the next one. An application that goes on using a stream while another thread disposes it never sees or spoils the next one's bytes.</summary>
[TestClass]
public sealed class StreamReuseTests : Ngtcp2Test
{
    private const int Streams = 2_000;
    private const int Workers = 8;
    private const int Words = 64;

    private int _foreignWords;

    [TestMethod]
    public async Task Streams_DisposedInTheMiddleOfTheirUse_NeverSeeBytesOfAnother()
    {
        int seed = TestSeed.Take();
        Ngtcp2Engine engine = NewEngine();
        TransportLimits limits = TransportLimits.Default with { MaxResetsPerSecond = 1_000_000 };
        EchoServer server = await ListenAsync(engine, ListenOn("127.0.0.1") with { Limits = limits });
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(server.EndPoint) with { Limits = limits }).WithTimeout());
        int next = 0;
        long words = 0;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            var random = new Random(seed + worker);
            for (int number = Interlocked.Increment(ref next); number <= Streams; number = Interlocked.Increment(ref next))
            {
                Interlocked.Add(ref words, await ExchangeAsync(client, number, random.Next(4)));
            }
        }))).WithTimeout(TimeSpan.FromMinutes(2));
        Assert.AreEqual(0, _foreignWords, "Words of other streams.");
        Assert.IsGreaterThan(Streams * Words / 4L, words);
    }

    // How many words came back, each the stream's own number.
    private async Task<long> ExchangeAsync(TransportConnection client, int number, int disposal)
    {
        TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional);
        Task<long> reading = ReadAsync(stream.Input, number);
        try
        {
            for (int i = 0; i < Words; i++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(stream.Output.GetSpan(4), number);
                stream.Output.Advance(4);
                await stream.Output.FlushAsync();
                if (disposal == 1 && i == Words / 2)
                {
                    // The reader is at work, and this thread goes on writing.
                    _ = Task.Run(async () => await stream.DisposeAsync());
                }
            }

            if (disposal == 2)
            {
                await stream.DisposeAsync();
            }

            await stream.Output.CompleteAsync();
        }
        catch (Exception exception) when (exception is InvalidOperationException or TransportException)
        {
            // Disposed under the writer's hands.
        }

        if (disposal is 1 or 2)
        {
            stream.Input.CancelPendingRead();
            return 0;
        }

        long read = await reading.WithTimeout();
        await stream.DisposeAsync();
        Assert.AreEqual(Words, read);
        return read;
    }

    private async Task<long> ReadAsync(PipeReader input, int number)
    {
        long words = 0;
        try
        {
            while (true)
            {
                ReadResult result = await input.ReadAsync();
                ReadOnlySequence<byte> buffer = result.Buffer;
                while (buffer.Length >= 4)
                {
                    byte[] word = buffer.Slice(0, 4).ToArray();
                    buffer = buffer.Slice(4);
                    if (BinaryPrimitives.ReadInt32LittleEndian(word) != number)
                    {
                        // Not thrown: nobody waits for the reader of a stream that was disposed.
                        Interlocked.Increment(ref _foreignWords);
                    }

                    words++;
                }

                input.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted || result.IsCanceled)
                {
                    return words;
                }
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or TransportException or ArgumentOutOfRangeException)
        {
            return words;
        }
    }
}
