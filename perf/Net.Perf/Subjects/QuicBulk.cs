using System.Diagnostics;
using System.IO.Pipelines;
using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>An upload over one stream of this library.</summary>
internal sealed class QuicBulk : IBulkTransfer
{
    private const int ChunkBytes = 64 << 10;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly QuicPair _pair;
    private readonly TransportConnection _client;
    private readonly TransportConnection _server;
    private readonly byte[] _chunk = new byte[ChunkBytes];

    private QuicBulk(string name, QuicPair pair, TransportConnection client, TransportConnection server)
    {
        Name = name;
        _pair = pair;
        _client = client;
        _server = server;
    }

    public string Name { get; }

    public TrafficCounters Sender => _pair.ClientTraffic;

    public TrafficCounters Receiver => _pair.ServerTraffic;

    /// <summary>Starts both ends, with the library's default limits.</summary>
    internal static async Task<QuicBulk> StartAsync(Certificates certificates, bool inline)
    {
        QuicPair pair = await QuicPair.StartAsync(certificates, inline, limits: TransportLimits.Default).ConfigureAwait(false);
        (TransportConnection client, TransportConnection server) = await pair.ConnectForGoodAsync().ConfigureAwait(false);
        return new QuicBulk(NameOf(inline), pair, client, server);
    }

    internal static string NameOf(bool inline) => $"this library, {(inline ? "inline" : "thread pool")}";

    public async Task<BulkRound> RunAsync(long bytes)
    {
        long cpu = ProcessClock.Own;
        long started = Stopwatch.GetTimestamp();
        Task<long> reading = ReadAsync();
        await WriteAsync(bytes).WaitAsync(Patience).ConfigureAwait(false);
        long got = await reading.WaitAsync(Patience).ConfigureAwait(false);
        var round = new BulkRound(got, Stopwatch.GetElapsedTime(started).TotalSeconds, (ProcessClock.Own - cpu) / 1e9);
        return got >= bytes ? round : throw new InvalidOperationException($"The receiver got {got} of {bytes} bytes.");
    }

    public ValueTask DisposeAsync() => _pair.DisposeAsync();

    private async Task WriteAsync(long bytes)
    {
        TransportStream stream = await _client.OpenStreamAsync(StreamDirection.Unidirectional).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            for (long sent = 0; sent < bytes; sent += ChunkBytes)
            {
                await stream.Output.WriteAsync(_chunk).ConfigureAwait(false);
            }

            stream.Output.Complete();
            await stream.SendCompletion.ConfigureAwait(false);
        }
    }

    private async Task<long> ReadAsync()
    {
        TransportStream stream = await _server.AcceptStreamAsync().ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            long got = 0;
            while (true)
            {
                ReadResult read = await stream.Input.ReadAsync().ConfigureAwait(false);
                got += read.Buffer.Length;
                stream.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    stream.Input.Complete();
                    return got;
                }
            }
        }
    }
}
