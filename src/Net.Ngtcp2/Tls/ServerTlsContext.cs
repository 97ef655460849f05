namespace Net.Ngtcp2.Tls;

/// <summary>The TLS side of one listener, shared by its loops. Thread-safe.</summary>
/// <param name="selector">Chooses the options of each handshake.</param>
internal sealed class ServerTlsContext(ServerTlsSelector selector)
{
    /// <summary>Chooses options and what was derived from them.</summary>
    /// <param name="hello">What is known of the client.</param>
    /// <param name="options">The options.</param>
    /// <param name="state">What was derived from them.</param>
    /// <returns><c>false</c> when the client is refused by its name.</returns>
    /// <exception cref="ArgumentException">The options are out of range, or GnuTLS refuses the identity.</exception>
    public bool TryChoose(in ClientHello hello, out ServerTlsOptions options, out ServerTlsState state)
    {
        // No name of a server has such characters (RFC 6066, section 3), and who is asked may log the name as it is.
        ServerTlsOptions? chosen = PlainText.IsUnsafe(hello.ServerName) ? null : selector(hello);
        if (chosen is null)
        {
            options = null!;
            state = null!;
            return false;
        }

        options = chosen;
        state = ServerTlsState.Get(chosen);
        return true;
    }
}
