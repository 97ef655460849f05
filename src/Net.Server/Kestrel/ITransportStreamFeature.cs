namespace Net.Server.Kestrel;

/// <summary>Gives a request of HTTP/3 the QUIC stream that carries it, such as for its priority.</summary>
/// <remarks>Found with <c>HttpContext.Features.Get&lt;ITransportStreamFeature&gt;()</c>; absent on TCP and on other transports. The answer is valid until the request ends.</remarks>
public interface ITransportStreamFeature
{
    /// <summary>The stream. The server owns it: its pipes, its aborts and its end are the HTTP/3 layer's.</summary>
    TransportStream Stream { get; }
}
