using Net.Hosting.Calling;
using Net.Hosting.Certificates;

namespace Net.Hosting.Echoing;

/// <summary>The server that <c>net echo</c> and <c>net bench</c> call, and how.</summary>
internal sealed record EchoTarget
{
    internal required TransportEndPoint EndPoint { get; init; }

    internal required string Engine { get; init; }

    internal required string CertificatePath { get; init; }

    internal required string KeyPath { get; init; }

    /// <summary>Whether the certificate was named; a default one that does not exist is left out.</summary>
    internal required bool IsCertificateAsked { get; init; }

    internal required string AuthorityPath { get; init; }

    /// <summary>Sent with each call and stream; <c>null</c>: the certificate alone says who calls.</summary>
    internal BearerCredential? Credential { get; init; }

    internal string? ServerName { get; init; }

    internal required string Route { get; init; }

    internal required TimeSpan Timeout { get; init; }

    /// <summary>Which HTTP, for what is called over gRPC.</summary>
    internal HttpChoice Http { get; init; }

    /// <summary>Identity and trust.</summary>
    internal ClientTlsOptions MakeTls(DateTimeOffset now) => new()
    {
        Identity = IsCertificateAsked || File.Exists(CertificatePath) ? CertificateFiles.LoadIdentity(CertificatePath, KeyPath, now) : null,
        ServerCertificatePolicy = CertificateFiles.LoadTrust(AuthorityPath),
    };

    /// <summary>What the header of each raw stream carries.</summary>
    internal RawStreamMetadata Metadata => Credential?.Metadata ?? RawStreamMetadata.Empty;

    internal ConnectOptions MakeConnectOptions(TransportEngine engine, DateTimeOffset now, bool inline)
    {
        return new ConnectOptions
        {
            RemoteEndPoint = EndPoint.ToEndPoint(),
            ServerName = ServerName,
            ApplicationProtocols = [RawStreamProtocol.ApplicationProtocol],
            Tls = MakeTls(now),
            HandshakeTimeout = Timeout,
            InlineContinuations = inline && engine.Capabilities.HasFlag(EngineCapabilities.InlineContinuations),
            Limits = RawStreamProtocol.ClientLimits,
        };
    }

    internal async Task<TransportConnection> ConnectAsync(TransportEngine engine, ConnectOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.ConnectAsync(options, cancellationToken).ConfigureAwait(false);
        }
        catch (TransportException exception)
        {
            throw HostErrors.ConnectFailed(exception, EndPoint);
        }
    }
}
