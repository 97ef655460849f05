namespace Net;

/// <summary>A session that can be resumed. The content is opaque and secret: whoever has it can pass as this client until it expires.</summary>
/// <param name="Session">The TLS session, in the engine's own form.</param>
/// <param name="TransportParameters">The server's transport parameters, needed for 0-RTT (RFC 9000, section 7.4.1); empty when 0-RTT was not offered.</param>
/// <param name="IssuedAt">When it came.</param>
public sealed record SessionTicket(ReadOnlyMemory<byte> Session, ReadOnlyMemory<byte> TransportParameters, DateTimeOffset IssuedAt);
