using System.Diagnostics.CodeAnalysis;

namespace Net.MsQuic.Internal;

/// <summary>The few status numbers of the native library that tell what System.Net.Quic puts into one kind of exception. They come in <see cref="Exception.HResult"/>.</summary>
/// <remarks>msquic_posix.h and msquic_winuser.h: errno values on Linux and macOS, HRESULTs on Windows.</remarks>
internal static class MsQuicStatus
{
    /// <summary>CRYPTO_ERROR: the TLS alert is added (RFC 9000, section 20.1).</summary>
    internal const long CryptoErrorBase = 0x100;

    private const int PosixTlsAlertBase = 200_000_000 + 256;
    private const int PosixCertificateErrorBase = 200_000_000 + 512;
    private const int WindowsTlsAlertBase = unchecked((int)0x80410100);

    /// <summary>QUIC_STATUS_USER_CANCELED: alert user_canceled (90), or transport error APPLICATION_ERROR (0xc) during the handshake.</summary>
    internal static int UserCanceled { get; } = Pick(linux: 130, macOS: 105, windows: unchecked((int)0x80410002));

    /// <summary>QUIC_STATUS_ALPN_NEG_FAILURE: alert no_application_protocol (120).</summary>
    internal static int NoApplicationProtocol { get; } = Pick(linux: 92, macOS: 42, windows: unchecked((int)0x80410007));

    /// <summary>QUIC_STATUS_CERT_EXPIRED, CERT_UNTRUSTED_ROOT and CERT_NO_CERT: the library's own check of a certificate failed.</summary>
    /// <param name="status">The number.</param>
    /// <returns>Whether it is one of these.</returns>
    internal static bool IsCertificateError(int status) => OperatingSystem.IsWindows()
        ? status is unchecked((int)0x800B0101) or unchecked((int)0x800B0109) or unchecked((int)0x8009030E)
        : status is > PosixCertificateErrorBase and <= PosixCertificateErrorBase + 3;

    /// <summary>Reads a TLS alert out of a status number.</summary>
    /// <param name="status">The number.</param>
    /// <param name="alert">The alert (RFC 8446, section 6.2).</param>
    /// <returns>Whether it is an alert.</returns>
    internal static bool TryGetAlert(int status, [NotNullWhen(true)] out byte? alert)
    {
        int start = OperatingSystem.IsWindows() ? WindowsTlsAlertBase : PosixTlsAlertBase;
        alert = status >= start && status <= start + byte.MaxValue ? (byte)(status - start) : null;
        return alert is not null;
    }

    /// <summary>The status number of an alert, as the library would give it.</summary>
    /// <param name="alert">The alert.</param>
    /// <returns>The number.</returns>
    internal static int FromAlert(byte alert) => (OperatingSystem.IsWindows() ? WindowsTlsAlertBase : PosixTlsAlertBase) + alert;

    private static int Pick(int linux, int macOS, int windows) =>
        OperatingSystem.IsWindows() ? windows : OperatingSystem.IsMacOS() ? macOS : linux;
}
