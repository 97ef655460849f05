using System.Net;

namespace Net;

/// <summary>Tells that a connection moved to another path, or that a move failed.</summary>
/// <param name="localEndPoint">The local address of the path in use now.</param>
/// <param name="remoteEndPoint">The remote address of the path in use now.</param>
/// <param name="isValidated">Whether the peer has proved that it answers on the path (RFC 9000, section 8.2). <c>false</c>: the new path failed and the old one stays.</param>
public sealed class PathChangedEventArgs(IPEndPoint localEndPoint, IPEndPoint remoteEndPoint, bool isValidated) : EventArgs
{
    /// <summary>The local address of the path in use now.</summary>
    public IPEndPoint LocalEndPoint { get; } = localEndPoint;

    /// <summary>The remote address of the path in use now.</summary>
    public IPEndPoint RemoteEndPoint { get; } = remoteEndPoint;

    /// <summary>Whether the path was validated; <c>false</c> when a move failed and the old path stays.</summary>
    public bool IsValidated { get; } = isValidated;
}
