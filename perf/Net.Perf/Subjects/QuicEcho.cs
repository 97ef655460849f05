using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>Echoes over one connection: on one stream that is kept, or each on a stream of its own.</summary>
internal sealed class QuicEcho : EchoSubject
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly byte[] _payload = new byte[PayloadBytes];
    private readonly QuicPair _pair;
    private readonly TransportConnection _client;
    private readonly TransportStream? _stream;

    private QuicEcho(string name, QuicPair pair, TransportConnection client, TransportStream? stream)
        : base(name)
    {
        _pair = pair;
        _client = client;
        _stream = stream;
    }

    internal override TrafficCounters Traffic => _pair.Traffic;

    /// <summary>Starts both ends.</summary>
    /// <param name="certificates">Certificates of this run.</param>
    /// <param name="inline">Whether the application runs on the engine's threads.</param>
    /// <param name="newStreams">Whether each echo has a stream of its own.</param>
    internal static async Task<QuicEcho> StartAsync(Certificates certificates, bool inline, bool newStreams)
    {
        QuicPair pair = await QuicPair.StartAsync(certificates, inline).ConfigureAwait(false);
        (TransportConnection client, TransportConnection server) = await pair.ConnectForGoodAsync().ConfigureAwait(false);
        _ = new EchoServer().ServeAsync(server);
        TransportStream? stream = newStreams ? null : await client.OpenStreamAsync(StreamDirection.Bidirectional).ConfigureAwait(false);
        return new QuicEcho(NameOf(inline, newStreams), pair, client, stream);
    }

    internal static string NameOf(bool inline, bool newStreams) => $"{(newStreams ? "new stream each" : "reused stream")}, {(inline ? "inline" : "thread pool")}";

    internal override void Run(long[] ticks) => RunAsync(ticks).WaitAsync(Patience).GetAwaiter().GetResult();

    /// <summary>Does echoes with several in flight at once.</summary>
    /// <param name="callers">How many at once.</param>
    /// <param name="echoes">How many in all.</param>
    internal async Task RunParallelAsync(int callers, int echoes)
    {
        var remaining = new StrongBox<int>(echoes);
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => CallAsync(remaining))).WaitAsync(Patience).ConfigureAwait(false);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_stream is not null)
        {
            await _stream.DisposeAsync().ConfigureAwait(false);
        }

        await _pair.DisposeAsync().ConfigureAwait(false);
    }

    private async Task RunAsync(long[] ticks)
    {
        for (int i = 0; i < ticks.Length; i++)
        {
            long started = Stopwatch.GetTimestamp();
            if (_stream is null)
            {
                await EchoOnNewStreamAsync().ConfigureAwait(false);
            }
            else
            {
                await EchoAsync(_stream).ConfigureAwait(false);
            }

            ticks[i] = Stopwatch.GetTimestamp() - started;
        }
    }

    private async Task CallAsync(StrongBox<int> remaining)
    {
        if (_stream is null)
        {
            while (Interlocked.Decrement(ref remaining.Value) >= 0)
            {
                await EchoOnNewStreamAsync().ConfigureAwait(false);
            }

            return;
        }

        TransportStream stream = await _client.OpenStreamAsync(StreamDirection.Bidirectional).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            while (Interlocked.Decrement(ref remaining.Value) >= 0)
            {
                await EchoAsync(stream).ConfigureAwait(false);
            }

            // An orderly end: a stream that is disposed half read is reset, and resets per second are limited.
            stream.Output.Complete();
            ReadResult end = await stream.Input.ReadAsync().ConfigureAwait(false);
            stream.Input.AdvanceTo(end.Buffer.End);
            stream.Input.Complete();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask EchoAsync(TransportStream stream)
    {
        await stream.Output.WriteAsync(_payload).ConfigureAwait(false);
        for (int received = 0; received < PayloadBytes;)
        {
            ReadResult read = await stream.Input.ReadAsync().ConfigureAwait(false);
            received += (int)read.Buffer.Length;
            stream.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                throw new InvalidOperationException("The echo server ended the stream.");
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask EchoOnNewStreamAsync()
    {
        TransportStream stream = await _client.OpenStreamAsync(StreamDirection.Bidirectional).ConfigureAwait(false);
        stream.Output.Write(_payload);
        stream.Output.Complete();
        int received = 0;
        while (true)
        {
            ReadResult read = await stream.Input.ReadAsync().ConfigureAwait(false);
            received += (int)read.Buffer.Length;
            stream.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        stream.Input.Complete();
        await stream.DisposeAsync().ConfigureAwait(false);
        if (received != PayloadBytes)
        {
            throw new InvalidOperationException($"The echo had {received} bytes instead of {PayloadBytes}.");
        }
    }
}
