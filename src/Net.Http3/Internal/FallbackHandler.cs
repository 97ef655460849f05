using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Net.Http3;

/// <summary>Makes the handler for HTTP/2 and HTTP/1.1 that trusts and shows what HTTP/3 does.</summary>
internal static class FallbackHandler
{
    /// <summary>Makes a handler.</summary>
    /// <param name="options">The options of the HTTP/3 handler.</param>
    internal static SocketsHttpHandler Create(Http3HandlerOptions options)
    {
        ClientTlsOptions tls = options.Tls;
        TimeProvider time = options.TimeProvider;
        var ssl = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (sender, certificate, chain, _) => Accepts(tls.ServerCertificatePolicy, sender, certificate, chain, time),
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
            ConnectTimeout = options.ConnectTimeout,
            EnableMultipleHttp2Connections = true,
            MaxConnectionsPerServer = int.MaxValue,
            PooledConnectionIdleTimeout = options.PooledConnectionIdleTimeout,
            PooledConnectionLifetime = options.PooledConnectionLifetime,
            ActivityHeadersPropagator = options.ActivityHeadersPropagator,
        };
    }

    // The same policy that judges over QUIC; what the machine itself trusts does not count.
    private static bool Accepts(PeerCertificatePolicy policy, object sender, X509Certificate? certificate, X509Chain? chain, TimeProvider time)
    {
        var sent = new List<ReadOnlyMemory<byte>>();
        if (certificate is not null)
        {
            sent.Add(certificate.GetRawCertData());
            foreach (X509Certificate2 other in chain?.ChainPolicy.ExtraStore ?? [])
            {
                if (!other.RawDataMemory.Span.SequenceEqual(sent[0].Span))
                {
                    sent.Add(other.RawData);
                }
            }
        }

        return policy.Evaluate(new PeerCertificateContext
        {
            Chain = sent,
            IsServerCertificate = true,
            ServerName = (sender as SslStream)?.TargetHostName,
            Now = time.GetUtcNow(),
        }).IsAccepted;
    }
}
