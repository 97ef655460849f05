using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>The server of the calls as its clients see it, and the figures of both processes.</summary>
internal sealed class RpcServer : IAsyncDisposable
{
    internal const string Measure = "measure";
    internal const string RecordSpans = "record";
    internal const string IgnoreSpans = "ignore";
    private readonly PeerProcess _process;
    private readonly SpanRecorder _spans = new();

    private RpcServer(PeerProcess process, string[] answer)
    {
        _process = process;
        int Port(int field) => int.Parse(answer[field], CultureInfo.InvariantCulture);
        Http2Port = Port(0);
        Http3Port = Port(1);
        PlatformHttp3Port = Port(2);
        Authority = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(answer[3]));
    }

    internal int Http2Port { get; }

    internal int Http3Port { get; }

    /// <summary>The port of the platform's own HTTP/3; 0 where it does not run.</summary>
    internal int PlatformHttp3Port { get; }

    /// <summary>The certificate to trust.</summary>
    internal X509Certificate2 Authority { get; }

    internal static async Task<RpcServer> StartAsync()
    {
        PeerProcess process = PeerProcess.Start("rpc-server");
        var server = new RpcServer(process, (await process.ReadLineAsync().ConfigureAwait(false)).Split(' '));
        Pinning.PinProcess(process.Id, isServer: true);
        Pinning.PinProcess(Environment.ProcessId, isServer: false);
        return server;
    }

    /// <summary>What the server has used so far.</summary>
    internal async Task<ProcessFigures> MeasureServerAsync() => ProcessFigures.Parse(await _process.AskAsync(Measure).ConfigureAwait(false));

    /// <summary>What the clients, which are this process, have used so far.</summary>
    internal ProcessFigures MeasureClient() => ProcessFigures.Own(_spans);

    /// <summary>Has both processes record this library's spans, or stop that.</summary>
    internal async Task RecordAsync(bool isOn)
    {
        _spans.Switch(isOn);
        await _process.AskAsync(isOn ? RecordSpans : IgnoreSpans).ConfigureAwait(false);
    }

    /// <summary>Measures a round of calls.</summary>
    /// <param name="client">Who calls.</param>
    /// <param name="inFlight">Calls under way at once.</param>
    /// <param name="ticks">Takes the time of each; its length is how many there are.</param>
    internal async Task<EchoRound> RoundAsync(RpcClient client, int inFlight, long[] ticks)
    {
        ProcessFigures before = await MeasureServerAsync().ConfigureAwait(false) + MeasureClient();
        await client.RunAsync(inFlight, ticks).ConfigureAwait(false);
        ProcessFigures used = MeasureClient() + await MeasureServerAsync().ConfigureAwait(false) - before;
        return new EchoRound(
            Statistics.PercentileMicroseconds(ticks, 0.5), Statistics.PercentileMicroseconds(ticks, 0.99), used.CpuNanoseconds / 1000.0 / ticks.Length);
    }

    /// <summary>Measures one stream of messages from the server.</summary>
    internal async Task<WorkRound> StreamRoundAsync(RpcClient client, int messages)
    {
        ProcessFigures before = await MeasureServerAsync().ConfigureAwait(false) + MeasureClient();
        long started = System.Diagnostics.Stopwatch.GetTimestamp();
        await client.StreamAsync(messages).ConfigureAwait(false);
        double time = System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        ProcessFigures used = MeasureClient() + await MeasureServerAsync().ConfigureAwait(false) - before;
        return new WorkRound(used.CpuNanoseconds / 1000.0 / messages, time / messages);
    }

    public async ValueTask DisposeAsync()
    {
        _spans.Dispose();
        await _process.DisposeAsync().ConfigureAwait(false);
        Authority.Dispose();
    }
}
