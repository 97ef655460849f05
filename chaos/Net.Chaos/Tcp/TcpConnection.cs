using System.Net;
using System.Net.Sockets;
using Net.Chaos.Proxy;

namespace Net.Chaos.Tcp;

/// <summary>A client's connection and the one to the server, and what runs between them.</summary>
internal sealed class TcpConnection : IAsyncDisposable
{
    private readonly Socket _client;
    private readonly Socket _server;
    private readonly TcpDirection _upstream;
    private readonly TcpDirection _downstream;
    private readonly Lock _lock = new();
    private bool _isClosed;

    internal TcpConnection(Socket client, Socket server, ChainIdentity identity, ChaosClock clock, IReadOnlyList<Toxic> toxics, TrafficCounters traffic, long maxHeldBytes)
    {
        _client = client;
        _server = server;
        Number = identity.Session;
        Client = (IPEndPoint)client.RemoteEndPoint!;
        Local = (IPEndPoint)server.LocalEndPoint!;
        _upstream = new TcpDirection(this, client, server, ToxicStream.Upstream, identity, clock, toxics, traffic, maxHeldBytes);
        _downstream = new TcpDirection(this, server, client, ToxicStream.Downstream, identity, clock, toxics, traffic, maxHeldBytes);
    }

    internal long Number { get; }

    internal IPEndPoint Client { get; }

    /// <summary>Where the server sees the client.</summary>
    internal IPEndPoint Local { get; }

    /// <summary>Carries data until both directions have ended.</summary>
    internal async Task RunAsync()
    {
        await Task.WhenAll(_upstream.RunAsync(), _downstream.RunAsync()).ConfigureAwait(false);
        Abort(isReset: false);

        // Not before the loops have ended: a socket that is disposed while it is read would be reset and not closed.
        _client.Dispose();
        _server.Dispose();
    }

    /// <summary>Gives back what a connection keeps that has run to its end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _upstream.DisposeAsync().ConfigureAwait(false);
        await _downstream.DisposeAsync().ConfigureAwait(false);
    }

    internal void Change(Action<StreamChain> change)
    {
        _upstream.Change(change);
        _downstream.Change(change);
    }

    /// <summary>Ends the connection both ways; what is held is lost.</summary>
    internal void Abort(bool isReset)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
        }

        foreach (Socket socket in (Socket[])[_client, _server])
        {
            try
            {
                if (isReset)
                {
                    socket.LingerState = new LingerOption(true, 0);
                    socket.Dispose();
                }
                else
                {
                    socket.Shutdown(SocketShutdown.Both);
                }
            }
            catch (SocketException)
            {
                // The other side was quicker; the loops see it.
            }
        }

        _upstream.Discard();
        _downstream.Discard();
    }
}
