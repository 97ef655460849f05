using System.Net;
using Net.Ngtcp2;

namespace Net.IntegrationTests.Interop;

/// <summary>Our engine as a client, with connections to a foreign server on loopback.</summary>
internal sealed class InteropClient(InteropCertificates certificates, IPEndPoint server) : IAsyncDisposable
{
    private readonly Ngtcp2Engine _engine = new();

    /// <summary>Connects, by default for the stream application with a client certificate. The engine closes what the test leaves open.</summary>
    public async Task<TransportConnection> ConnectAsync(Func<ConnectOptions, ConnectOptions>? adjust = null)
    {
        ConnectOptions options = new()
        {
            RemoteEndPoint = server,
            ServerName = "localhost",
            ApplicationProtocols = [StreamApplication.Protocol],
            Tls = new ClientTlsOptions { Identity = certificates.Identity("client"), ServerCertificatePolicy = certificates.Trust },
        };
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        return await _engine.ConnectAsync(adjust?.Invoke(options) ?? options, limit.Token);
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();
}
