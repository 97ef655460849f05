using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Net.Perf.Subjects;

/// <summary>TLS 1.3 over TCP on loopback with the platform's SslStream: the yardstick that every .NET service has.</summary>
internal sealed class SslPair : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Certificates _certificates;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly SslStreamCertificateContext _serverContext;
    private readonly SslStreamCertificateContext _clientContext;

    internal SslPair(Certificates certificates)
    {
        _certificates = certificates;
        _serverContext = SslStreamCertificateContext.Create(certificates.Server, null, offline: true);
        _clientContext = SslStreamCertificateContext.Create(certificates.Client, null, offline: true);
        _listener.Start();
    }

    /// <summary>Connects and does the handshake.</summary>
    /// <param name="mutual">Whether the client shows a certificate and the server judges it.</param>
    /// <param name="resume">Whether sessions may be resumed.</param>
    internal async Task<(SslStream Client, SslStream Server)> ConnectAsync(bool mutual, bool resume)
    {
        Task<SslStream> accepting = AcceptAsync(mutual, resume);

        // Closing with a reset leaves no port behind: thousands of connections a minute would use them up.
        var tcp = new TcpClient { NoDelay = true, LingerState = new LingerOption(true, 0) };
        await tcp.ConnectAsync((IPEndPoint)_listener.LocalEndpoint).ConfigureAwait(false);
        var client = new SslStream(tcp.GetStream());
        await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = Certificates.ServerName,
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateContext = mutual ? _clientContext : null,
            CertificateChainPolicy = Policy(),
            AllowTlsResume = resume,
        }).WaitAsync(Patience).ConfigureAwait(false);
        return (client, await accepting.WaitAsync(Patience).ConfigureAwait(false));
    }

    public void Dispose() => _listener.Dispose();

    private async Task<SslStream> AcceptAsync(bool mutual, bool resume)
    {
        TcpClient tcp = await _listener.AcceptTcpClientAsync().ConfigureAwait(false);
        tcp.NoDelay = true;
        var server = new SslStream(tcp.GetStream());
        await server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _serverContext,
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateRequired = mutual,
            CertificateChainPolicy = Policy(),
            AllowTlsResume = resume,
        }).ConfigureAwait(false);
        return server;
    }

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(_certificates.Authority);
        return policy;
    }
}
