using System.IO.Pipelines;
using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>Handshakes of this library.</summary>
internal sealed class QuicHandshakes : IHandshakes
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly byte[] Greeting = [1];
    private readonly QuicPair _pair;
    private readonly bool _resumes;

    private QuicHandshakes(string name, QuicPair pair, bool resumes)
    {
        Name = name;
        _pair = pair;
        _resumes = resumes;
    }

    public string Name { get; }

    public TrafficCounters Traffic => _pair.Traffic;

    /// <summary>Starts both ends.</summary>
    /// <param name="name">What it is called in the tables.</param>
    /// <param name="certificates">Certificates of this run.</param>
    /// <param name="mutual">Whether the client shows a certificate and the server judges it.</param>
    /// <param name="remembers">Whether verdicts on certificates are remembered. If not, the chain is built for each handshake anew.</param>
    /// <param name="resumes">Whether each connection but the first resumes the one before.</param>
    internal static async Task<QuicHandshakes> StartAsync(string name, Certificates certificates, bool mutual, bool remembers, bool resumes)
    {
        CertificateTrust trust = certificates.MakeTrust(remembers);
        QuicPair pair = await QuicPair.StartAsync(certificates, inline: false, requireClientCertificate: mutual, limits: TransportLimits.Default, trust: trust).ConfigureAwait(false);
        pair.ShowsClientCertificate = mutual;
        pair.Tickets = resumes ? new InMemorySessionTicketStore(TimeProvider.System) : null;
        var handshakes = new QuicHandshakes(name, pair, resumes);
        await handshakes.OpenAsync(mustResume: false).ConfigureAwait(false);
        return handshakes;
    }

    public async Task RunAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            await OpenAsync(_resumes).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => _pair.DisposeAsync();

    private async Task OpenAsync(bool mustResume)
    {
        (TransportConnection client, TransportConnection server) = await _pair.ConnectAsync().ConfigureAwait(false);
        await using (client.ConfigureAwait(false))
        await using (server.ConfigureAwait(false))
        {
            if (client.IsResumed != mustResume)
            {
                throw new InvalidOperationException($"{Name}: the session was {(client.IsResumed ? "" : "not ")}resumed.");
            }

            await GreetAsync(client, server).WaitAsync(Patience).ConfigureAwait(false);
        }
    }

    private static async Task GreetAsync(TransportConnection client, TransportConnection server)
    {
        TransportStream sending = await server.OpenStreamAsync(StreamDirection.Unidirectional).ConfigureAwait(false);
        await sending.Output.WriteAsync(Greeting).ConfigureAwait(false);
        sending.Output.Complete();
        TransportStream receiving = await client.AcceptStreamAsync().ConfigureAwait(false);
        ReadResult read = await receiving.Input.ReadAtLeastAsync(1).ConfigureAwait(false);
        receiving.Input.AdvanceTo(read.Buffer.End);
        await receiving.DisposeAsync().ConfigureAwait(false);
        await sending.DisposeAsync().ConfigureAwait(false);
    }
}
