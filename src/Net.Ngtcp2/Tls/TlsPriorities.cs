using Net.Ngtcp2.Interop;

namespace Net.Ngtcp2.Tls;

/// <summary>Versions, ciphers and groups of every session, parsed once for the life of the process.</summary>
internal static class TlsPriorities
{
    // AES-GCM stands first, since processors compute it faster than ChaCha20. QUIC has no middlebox compatibility mode (RFC 9001, section 8.4),
    // and with it GnuTLS would wait for a ChangeCipherSpec after early data.
    private const string Text =
        "%DISABLE_TLS13_COMPAT_MODE:NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305"
        + ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1";

    private static readonly Lazy<GnuTlsPriorityHandle> Shared = new(static () => GnuTlsPriorityHandle.Parse(Text));

    /// <summary>The parsed priorities.</summary>
    /// <exception cref="GnuTlsException">This GnuTLS does not know one of the words.</exception>
    public static GnuTlsPriorityHandle Default => Shared.Value;
}
