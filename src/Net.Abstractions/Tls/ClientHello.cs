namespace Net;

/// <summary>What a server knows of a handshake when it chooses its TLS options.</summary>
/// <param name="ServerName">The name the client asked for (SNI), or <c>null</c>.</param>
/// <param name="RemoteEndPoint">Where the client's first datagram came from.</param>
public readonly record struct ClientHello(string? ServerName, System.Net.IPEndPoint RemoteEndPoint);
