namespace Net.Chaos.Proxy;

/// <summary>What a proxy carries.</summary>
public enum ProxyProtocol
{
    /// <summary>TCP connections, as toxiproxy does.</summary>
    Tcp,

    /// <summary>UDP datagrams, QUIC among them; a session for each client address.</summary>
    Udp,
}
