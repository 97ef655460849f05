using System.IO.Pipelines;

namespace Net;

/// <summary>The client's link: a socket with TLS.</summary>
internal sealed class TlsOverTcpLink(TlsOverTcp tls) : TcpLink
{
    internal override PipeReader Input { get; } = PipeReader.Create(tls.Stream, new StreamPipeReaderOptions(bufferSize: 32 << 10, minimumReadSize: 4 << 10, leaveOpen: true));

    internal override PipeWriter Output { get; } = PipeWriter.Create(tls.Stream, new StreamPipeWriterOptions(minimumBufferSize: 32 << 10, leaveOpen: true));

    internal override async ValueTask EndSendingAsync()
    {
        await Output.CompleteAsync().ConfigureAwait(false);
        await tls.EndSendingAsync().ConfigureAwait(false);
    }

    internal override void Abort() => tls.Abort();

    public override ValueTask DisposeAsync() => tls.DisposeAsync();
}
