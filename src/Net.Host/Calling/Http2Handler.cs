using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Net.Hosting.Calling;

/// <summary>Makes the handler for HTTP/2 over TCP with the same identity and the same judgement of the server as over QUIC.</summary>
internal static class Http2Handler
{
    internal static SocketsHttpHandler Create(ClientTlsOptions tls, string serverName, TimeSpan connectTimeout, TimeProvider timeProvider)
    {
        var ssl = new SslClientAuthenticationOptions
        {
            TargetHost = serverName,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) => Judge(tls.ServerCertificatePolicy, serverName, certificate, chain, timeProvider),
        };
        if (tls.Identity is { } identity)
        {
            ssl.ClientCertificateContext = SslStreamCertificateContext.Create(identity.Certificate, [.. identity.Intermediates], offline: true);
        }

        return new SocketsHttpHandler
        {
            SslOptions = ssl,
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = connectTimeout,
            EnableMultipleHttp2Connections = true,
        };
    }

    // What the machine itself trusts does not count: --ca names the authority.
    private static bool Judge(PeerCertificatePolicy policy, string serverName, X509Certificate? certificate, X509Chain? chain, TimeProvider timeProvider)
    {
        List<ReadOnlyMemory<byte>> sent = certificate is null ? [] : [certificate.GetRawCertData()];
        foreach (X509Certificate2 other in chain?.ChainPolicy.ExtraStore ?? [])
        {
            if (sent.Count > 0 && !other.RawDataMemory.Span.SequenceEqual(sent[0].Span))
            {
                sent.Add(other.RawDataMemory);
            }
        }

        return policy.Evaluate(new PeerCertificateContext { Chain = sent, IsServerCertificate = true, ServerName = serverName, Now = timeProvider.GetUtcNow() }).IsAccepted;
    }
}
