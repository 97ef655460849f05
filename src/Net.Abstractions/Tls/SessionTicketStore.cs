namespace Net;

/// <summary>What a session ticket belongs to. A ticket is only offered under an equal key.</summary>
/// <param name="ServerName">The name that was connected to.</param>
/// <param name="Port">The port.</param>
/// <param name="ApplicationProtocol">The application protocol.</param>
/// <param name="IdentityGeneration">Generation of the client identity in use.</param>
/// <param name="TrustGeneration">Generation of the trust in use.</param>
/// <param name="Engine">Name of the engine that made it; tickets do not cross engines.</param>
public readonly record struct SessionTicketKey(
    string ServerName, int Port, string ApplicationProtocol, long IdentityGeneration, long TrustGeneration, string Engine);

/// <summary>A session that can be resumed. The content is opaque and secret: whoever has it can pass as this client until it expires.</summary>
/// <param name="Session">The TLS session, in the engine's own form.</param>
/// <param name="TransportParameters">The server's transport parameters, needed for 0-RTT (RFC 9000, section 7.4.1); empty when 0-RTT was not offered.</param>
/// <param name="IssuedAt">When it came.</param>
public sealed record SessionTicket(ReadOnlyMemory<byte> Session, ReadOnlyMemory<byte> TransportParameters, DateTimeOffset IssuedAt);

/// <summary>Keeps session tickets and address validation tokens of a client. Thread-safe.</summary>
public abstract class SessionTicketStore
{
    /// <summary>Takes a ticket out. A ticket is used once, so that connections cannot be linked by it (RFC 8446, appendix C.4).</summary>
    /// <param name="key">What it is for.</param>
    /// <returns>The newest ticket, or <c>null</c>.</returns>
    public abstract SessionTicket? TakeTicket(in SessionTicketKey key);

    /// <summary>Keeps a ticket.</summary>
    /// <param name="key">What it is for.</param>
    /// <param name="ticket">The ticket; the store owns it.</param>
    public abstract void AddTicket(in SessionTicketKey key, SessionTicket ticket);

    /// <summary>Takes an address validation token out (NEW_TOKEN, RFC 9000, section 8.1.3); each is used once.</summary>
    /// <param name="key">What it is for.</param>
    /// <returns>The token, or empty.</returns>
    public abstract ReadOnlyMemory<byte> TakeToken(in SessionTicketKey key);

    /// <summary>Keeps an address validation token.</summary>
    /// <param name="key">What it is for.</param>
    /// <param name="token">The token; the store owns it.</param>
    public abstract void AddToken(in SessionTicketKey key, ReadOnlyMemory<byte> token);
}
