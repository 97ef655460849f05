using System.Net;

namespace Net.Chaos.Proxy;

/// <summary>A connection or session as it stood when it was asked for.</summary>
/// <param name="Number">Its number in the proxy, from 0.</param>
/// <param name="Client">The client's address.</param>
/// <param name="Upstream">Where the server sees it.</param>
/// <param name="Rebindings">How often that has changed.</param>
/// <param name="QuicConnections">QUIC connections that a toxic has seen in it.</param>
public sealed record SessionView(long Number, IPEndPoint Client, IPEndPoint Upstream, int Rebindings, int QuicConnections);
