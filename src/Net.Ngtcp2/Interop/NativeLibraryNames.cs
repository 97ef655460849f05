namespace Net.Ngtcp2.Interop;

/// <summary>The shared libraries this engine calls. The number at the end is the ABI version and part of the contract.</summary>
internal static class NativeLibraryNames
{
    /// <summary>QUIC itself.</summary>
    internal const string Ngtcp2 = "libngtcp2.so.16";

    /// <summary>The link between ngtcp2 and GnuTLS.</summary>
    internal const string Ngtcp2Crypto = "libngtcp2_crypto_gnutls.so.8";

    /// <summary>TLS 1.3.</summary>
    internal const string GnuTls = "libgnutls.so.30";
}
