using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Net.Server.Kestrel;

/// <summary>A TLS connection of Kestrel's as the link beneath raw streams.</summary>
internal sealed class KestrelTcpLink : TcpLink
{
    private static readonly IPEndPoint Unknown = new(IPAddress.IPv6None, 0);

    private readonly ConnectionContext _context;

    private KestrelTcpLink(ConnectionContext context) => _context = context;

    internal override PipeReader Input => _context.Transport.Input;

    internal override PipeWriter Output => _context.Transport.Output;

    internal static KestrelTcpLink From(ConnectionContext context)
    {
        ITlsConnectionFeature? tls = context.Features.Get<ITlsConnectionFeature>();
        ITlsHandshakeFeature? handshake = context.Features.Get<ITlsHandshakeFeature>();
        return new KestrelTcpLink(context)
        {
            LocalEndPoint = context.LocalEndPoint as IPEndPoint ?? Unknown,
            RemoteEndPoint = context.RemoteEndPoint as IPEndPoint ?? Unknown,
            ServerName = handshake?.HostName is { Length: > 0 } name ? name : null,
            CipherSuite = handshake?.NegotiatedCipherSuite?.ToString(),
            PeerCertificate = tls?.ClientCertificate,

            // What else the client sent was judged in the handshake and is not kept.
            PeerCertificateChain = tls?.ClientCertificate is { } leaf ? [leaf.RawDataMemory] : [],
            IdentityGeneration = context.Items.TryGetValue(TcpTls.OptionsKey, out object? options) && options is ServerTlsOptions chosen ? chosen.Identity.Generation : 0,
        };
    }

    internal override ValueTask EndSendingAsync() => Output.CompleteAsync();

    internal override void Abort() => _context.Abort(new ConnectionAbortedException("The raw streams on this connection are over."));

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
