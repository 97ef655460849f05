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
