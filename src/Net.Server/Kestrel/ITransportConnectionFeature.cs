namespace Net.Server.Kestrel;

/// <summary>Gives a request of HTTP/3, or a connection middleware, the QUIC connection under it: path figures, peer chain, datagrams.</summary>
/// <remarks>Found with <c>HttpContext.Features.Get&lt;ITransportConnectionFeature&gt;()</c>; absent on TCP and on other transports.</remarks>
public interface ITransportConnectionFeature
{
    /// <summary>The connection. The server owns it: neither dispose nor close it, and open no streams on it, as they would not be HTTP/3's.</summary>
    TransportConnection Connection { get; }
}
