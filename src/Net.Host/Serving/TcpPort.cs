using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Net.Hosting.Serving;

/// <summary>A TCP port that is held from the moment it is chosen, so that nobody takes it before Kestrel listens on it.</summary>
internal sealed class TcpPort : IDisposable
{
    private readonly Socket _socket;

    private TcpPort(Socket socket)
    {
        _socket = socket;
        EndPoint = (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <summary>Where it is bound, the port that the system chose included.</summary>
    internal IPEndPoint EndPoint { get; }

    /// <summary>Takes a port.</summary>
    /// <param name="endPoint">Where; port 0 lets the system choose.</param>
    /// <param name="fail">Makes the exception of a port that cannot be had.</param>
    internal static TcpPort Bind(IPEndPoint endPoint, Func<SocketException, Exception> fail)
    {
        try
        {
            return new TcpPort(SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint));
        }
        catch (SocketException exception)
        {
            throw fail(exception);
        }
    }

    /// <summary>Gives Kestrel the port in place of one that it would bind.</summary>
    internal void Offer(SocketTransportOptions options) => options.CreateBoundListenSocket = endPoint =>
        endPoint.Equals(EndPoint) ? _socket : SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);

    public void Dispose() => _socket.Dispose();
}
