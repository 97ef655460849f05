using System.IO.Pipelines;

namespace Net;

/// <summary>A socket with TLS as the link beneath streams.</summary>
internal sealed class TlsOverTcpLink : TcpLink
{
    private readonly TlsOverTcp _tls;

    private TlsOverTcpLink(TlsOverTcp tls)
    {
        _tls = tls;
        Input = PipeReader.Create(tls.Stream, new StreamPipeReaderOptions(bufferSize: 32 << 10, minimumReadSize: 4 << 10, leaveOpen: true));
        Output = PipeWriter.Create(tls.Stream, new StreamPipeWriterOptions(minimumBufferSize: 32 << 10, leaveOpen: true));
    }

    internal override PipeReader Input { get; }

    internal override PipeWriter Output { get; }

    internal static TlsOverTcpLink From(TlsOverTcp tls) => new(tls)
    {
        LocalEndPoint = tls.LocalEndPoint,
        RemoteEndPoint = tls.RemoteEndPoint,
        ServerName = tls.ServerName,
        CipherSuite = tls.CipherSuite,
        PeerCertificate = tls.PeerCertificate,
        PeerCertificateChain = tls.PeerCertificateChain,
        IdentityGeneration = tls.IdentityGeneration,
    };

    internal override async ValueTask EndSendingAsync()
    {
        await Output.CompleteAsync().ConfigureAwait(false);
        await _tls.EndSendingAsync().ConfigureAwait(false);
    }

    internal override void Abort() => _tls.Abort();

    public override ValueTask DisposeAsync() => _tls.DisposeAsync();
}
