using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;

namespace Net.ClientTests.Tcp;

/// <summary>Two pipes in place of TLS and TCP.</summary>
internal sealed class PipeLink : TcpLink
{
    private readonly Pipe _in;
    private readonly Pipe _out;

    [SetsRequiredMembers]
    private PipeLink(Pipe input, Pipe output)
    {
        _in = input;
        _out = output;
        LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 1);
        RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 2);
        ServerName = null;
        CipherSuite = null;
    }

    internal override PipeReader Input => _in.Reader;

    internal override PipeWriter Output => _out.Writer;

    internal bool IsAborted { get; private set; }

    /// <summary>Makes both ends of a connection.</summary>
    internal static (PipeLink Client, PipeLink Server) MakePair()
    {
        var toServer = new Pipe();
        var toClient = new Pipe();
        return (new PipeLink(toClient, toServer), new PipeLink(toServer, toClient));
    }

    internal override ValueTask EndSendingAsync() => _out.Writer.CompleteAsync();

    internal override void Abort()
    {
        IsAborted = true;
        _in.Writer.Complete(new IOException("The link was aborted."));
        _in.Reader.CancelPendingRead();
        _out.Reader.Complete(new IOException("The link was aborted."));
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
