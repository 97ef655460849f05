using System.Diagnostics;
using System.Net.Security;
using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>An upload over SslStream and TCP on loopback, with the same certificates.</summary>
internal sealed class SslBulk : IBulkTransfer
{
    private const int ChunkBytes = 64 << 10;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly byte[] _chunk = new byte[ChunkBytes];
    private readonly byte[] _buffer = new byte[ChunkBytes];
    private readonly SslPair _pair;
    private readonly SslStream _client;
    private readonly SslStream _server;

    private SslBulk(SslPair pair, SslStream client, SslStream server)
    {
        _pair = pair;
        _client = client;
        _server = server;
    }

    public string Name => "SslStream over TCP";

    internal static async Task<SslBulk> StartAsync(Certificates certificates)
    {
        var pair = new SslPair(certificates);
        (SslStream client, SslStream server) = await pair.ConnectAsync(mutual: false, resume: false).ConfigureAwait(false);
        return new SslBulk(pair, client, server);
    }

    public async Task<BulkRound> RunAsync(long bytes)
    {
        long rounded = (bytes + ChunkBytes - 1) / ChunkBytes * ChunkBytes;
        long cpu = ProcessClock.Own;
        long started = Stopwatch.GetTimestamp();
        Task reading = ReadAsync(rounded);
        for (long sent = 0; sent < rounded; sent += ChunkBytes)
        {
            await _client.WriteAsync(_chunk).ConfigureAwait(false);
        }

        await reading.WaitAsync(Patience).ConfigureAwait(false);
        return new BulkRound(rounded, Stopwatch.GetElapsedTime(started).TotalSeconds, (ProcessClock.Own - cpu) / 1e9);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync().ConfigureAwait(false);
        await _server.DisposeAsync().ConfigureAwait(false);
        _pair.Dispose();
    }

    private async Task ReadAsync(long bytes)
    {
        for (long got = 0; got < bytes;)
        {
            int count = await _server.ReadAsync(_buffer).ConfigureAwait(false);
            got += count > 0 ? count : throw new IOException("The TLS connection ended early.");
        }
    }
}
