using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Net.Server.Kestrel;

/// <summary>Gives the connections of one port that speak HTTP/3 to Kestrel, and waits until it is done with each.</summary>
internal sealed class Http3ConnectionHandler(ListenerScope scope) : IConnectionHandler
{
    internal const string ApplicationProtocol = "h3";

    // Bounded by NetServerOptions.MaxConnections, which counts a connection before it comes here.
    private readonly Channel<TransportConnectionContext> _accepted = Channel.CreateUnbounded<TransportConnectionContext>();

    public long OverloadedErrorCode => Http3ErrorCodes.ExcessiveLoad;

    public long? ExcessiveLoadErrorCode => Http3ErrorCodes.ExcessiveLoad;

    public long DistrustErrorCode => Http3ErrorCodes.GeneralProtocolError;

    internal ChannelReader<TransportConnectionContext> Accepted => _accepted.Reader;

    /// <summary>Kestrel drains its connections by itself; only when the server waits no longer are they cut here.</summary>
    public async Task ServeAsync(TransportConnection connection, CancellationToken draining, CancellationToken aborting)
    {
        // Before the end of the handshake the client's certificate may not be judged, and what came as 0-RTT data may be an attacker's repetition. Nothing of either reaches a handler.
        if (!connection.HandshakeCompletion.IsCompletedSuccessfully)
        {
            await connection.HandshakeCompletion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!connection.HandshakeCompletion.IsCompletedSuccessfully)
            {
                return;
            }
        }

        var context = new TransportConnectionContext(connection, scope);
        if (!_accepted.Writer.TryWrite(context))
        {
            // The port takes no more connections.
            await context.DisposeAsync().ConfigureAwait(false);
            return;
        }

        using (aborting.UnsafeRegister(
            static state => ((TransportConnectionContext)state!).Abort(new ConnectionAbortedException("The server is ending.")), context))
        {
            await context.Ended.ConfigureAwait(false);
        }
    }

    /// <summary>Takes no more connections.</summary>
    internal void Complete() => _accepted.Writer.TryComplete();
}
