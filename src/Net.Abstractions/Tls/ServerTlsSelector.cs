namespace Net;

/// <summary>Chooses the TLS options of one handshake. Called for each, so that a rotated certificate is used by the very next one. It must not block.</summary>
/// <remarks>An exception ends the handshake it was called for and no other; the client sees a failure of the server's, and the server logs the exception.</remarks>
/// <param name="hello">What is known of the client.</param>
/// <returns>The options, or <c>null</c> to refuse the client with alert unrecognized_name (112).</returns>
public delegate ServerTlsOptions? ServerTlsSelector(in ClientHello hello);
