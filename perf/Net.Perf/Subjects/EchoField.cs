using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>Many streams, on one connection or on one each, and echoes on one after the other. The application runs on the engine's threads.</summary>
internal sealed class EchoField : IAsyncDisposable
{
    // Larger than a round's field is wide in a processor's prefetcher: neighbours in the list are made one after the other, and so may lie side by side in memory.
    private const int Stride = 31;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly byte[] _payload = new byte[EchoSubject.PayloadBytes];
    private readonly QuicPair _pair;
    private readonly List<TransportStream> _streams = [];
    private int _next;

    private EchoField(QuicPair pair) => _pair = pair;

    /// <summary>Opens connections, streams on them, and does one echo on each stream.</summary>
    internal static async Task<EchoField> StartAsync(Certificates certificates, int connections, int streams)
    {
        var field = new EchoField(await QuicPair.StartAsync(certificates, inline: true).ConfigureAwait(false));
        for (int i = 0; i < connections; i++)
        {
            (TransportConnection client, TransportConnection server) = await field._pair.ConnectForGoodAsync().ConfigureAwait(false);
            _ = new EchoServer().ServeAsync(server);
            for (int j = 0; j < streams; j++)
            {
                TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional).ConfigureAwait(false);
                await field.EchoAsync(stream).ConfigureAwait(false);
                field._streams.Add(stream);
            }
        }

        return field;
    }

    /// <summary>Measures echoes, one in flight.</summary>
    /// <param name="echoes">How many.</param>
    /// <param name="isOnOne">Whether all use one stream and the others are only open; else all streams take turns.</param>
    internal Task<WorkRound> RoundAsync(int echoes, bool isOnOne) => WorkRound.MeasureAsync(echoes, () => RunAsync(echoes, isOnOne).WaitAsync(Patience));

    public async ValueTask DisposeAsync()
    {
        foreach (TransportStream stream in _streams)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }

        await _pair.DisposeAsync().ConfigureAwait(false);
    }

    private async Task RunAsync(int echoes, bool isOnOne)
    {
        for (int i = 0; i < echoes; i++)
        {
            _next = isOnOne ? 0 : (_next + Stride) % _streams.Count;
            await EchoAsync(_streams[_next]).ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask EchoAsync(TransportStream stream)
    {
        await stream.Output.WriteAsync(_payload).ConfigureAwait(false);
        for (int received = 0; received < _payload.Length;)
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
}
