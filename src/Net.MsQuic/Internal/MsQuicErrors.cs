using System.Net.Quic;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Authentication;

namespace Net.MsQuic.Internal;

/// <summary>What was going on when an exception came; the same one means different things.</summary>
internal enum ErrorScene
{
    /// <summary>A client's handshake.</summary>
    Connecting = 0,

    /// <summary>A server's handshake.</summary>
    Accepting = 1,

    /// <summary>A connection whose handshake is over, or one of its streams.</summary>
    Connected = 2,

    /// <summary>Binding a port.</summary>
    Listening = 3,
}

/// <summary>What an exception of System.Net.Quic means.</summary>
/// <param name="Error">The error of ours.</param>
/// <param name="Initiator">Who brought it about.</param>
/// <param name="ApplicationErrorCode">The peer's application code, when it sent one.</param>
/// <param name="TransportErrorCode">The QUIC transport error code, when it is known.</param>
/// <param name="NativeError">The status number of the native library; 0 when there is none.</param>
/// <param name="Reason">In words.</param>
internal readonly record struct ErrorMeaning(
    TransportError Error, CloseInitiator Initiator, long? ApplicationErrorCode, long? TransportErrorCode, int NativeError, string Reason)
{
    /// <summary>The end of a connection that it stands for.</summary>
    /// <returns>The end.</returns>
    public ConnectionClose ToClose() => new(Initiator, Error, ApplicationErrorCode, TransportErrorCode, Reason);

    /// <summary>The exception that callers see.</summary>
    /// <param name="message">What was attempted and what came of it.</param>
    /// <param name="cause">The exception that was translated.</param>
    /// <param name="isSafeToRetry">Whether nothing of the operation can have been processed; <c>null</c>: as is usual for the error.</param>
    /// <returns>A new exception.</returns>
    public TransportException ToException(string message, Exception? cause, bool? isSafeToRetry = null)
    {
        bool isSafe = isSafeToRetry ?? Error == TransportError.ConnectFailed;

        // Setting NativeError sets HResult too, so it is left alone where there is no number.
        return NativeError == 0
            ? new TransportException(Error, message, cause)
            {
                ApplicationErrorCode = ApplicationErrorCode,
                TransportErrorCode = TransportErrorCode,
                IsSafeToRetry = isSafe,
            }
            : new TransportException(Error, message, cause)
            {
                ApplicationErrorCode = ApplicationErrorCode,
                TransportErrorCode = TransportErrorCode,
                IsSafeToRetry = isSafe,
                NativeError = NativeError,
            };
    }
}

/// <summary>The one place that translates the exceptions of System.Net.Quic.</summary>
/// <remarks>
/// System.Net.Quic throws four kinds: QuicException with a QuicError, SocketException for addresses, AuthenticationException for everything in TLS (told apart by its HResult),
/// and ObjectDisposedException after a dispose.
/// </remarks>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
internal static class MsQuicErrors
{
    private const long ConnectionRefused = 0x2;
    private const byte NoApplicationProtocolAlert = 120;

    /// <summary>Says what an exception means.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="scene">What was going on.</param>
    /// <returns>The meaning.</returns>
    internal static ErrorMeaning Translate(Exception exception, ErrorScene scene) => exception switch
    {
        QuicException quic => TranslateQuic(quic, scene),
        AuthenticationException tls => TranslateTls(tls, scene),
        SocketException socket => new(
            Failure(scene), CloseInitiator.None, null, null, NativeStatus(socket), $"the network refused: {socket.Message} ({socket.SocketErrorCode})"),
        ObjectDisposedException => new(LocalEnd(scene), CloseInitiator.Local, null, null, 0, "this side disposed it"),
        PlatformNotSupportedException missing => new(TransportError.EngineMissing, CloseInitiator.Local, null, null, 0, missing.Message),
        _ => new(
            Failure(scene), CloseInitiator.None, null, null, NativeStatus(exception), $"System.Net.Quic failed with {exception.GetType().Name}: {exception.Message}"),
    };

    private static ErrorMeaning TranslateQuic(QuicException quic, ErrorScene scene)
    {
        TransportError failure = Failure(scene);
        int native = NativeStatus(quic);
        return quic.QuicError switch
        {
            QuicError.StreamAborted => new(
                TransportError.StreamReset, CloseInitiator.Remote, quic.ApplicationErrorCode, null, native,
                $"the peer aborted the stream with application code 0x{quic.ApplicationErrorCode:x}"),
            QuicError.ConnectionAborted => new(
                scene == ErrorScene.Connected ? TransportError.ConnectionClosed : failure, CloseInitiator.Remote, quic.ApplicationErrorCode, null, native, ""),
            QuicError.OperationAborted => new(LocalEnd(scene), CloseInitiator.Local, null, null, native, ""),
            QuicError.ConnectionIdle => new(failure, CloseInitiator.None, null, null, native, "nothing came from the peer within the idle timeout"),
            QuicError.ConnectionTimeout => new(failure, CloseInitiator.None, null, null, native, "the peer did not answer in time"),
            QuicError.ConnectionRefused => new(failure, CloseInitiator.Remote, null, ConnectionRefused, native, "the peer refused the connection (CONNECTION_REFUSED)"),
            QuicError.VersionNegotiationError => new(failure, CloseInitiator.None, null, quic.TransportErrorCode, native, "there is no common QUIC version"),
            QuicError.TransportError => new(failure, CloseInitiator.None, null, quic.TransportErrorCode, native, "the QUIC protocol was broken"),
            QuicError.AlpnInUse => new(
                TransportError.ListenFailed, CloseInitiator.Local, null, null, native, "another listener of this process serves the same application protocol on this port"),
            QuicError.CallbackError => new(failure, CloseInitiator.Local, null, null, native, quic.InnerException?.Message ?? quic.Message),
            _ => new(failure, CloseInitiator.None, null, quic.TransportErrorCode, native, $"System.Net.Quic reported {quic.QuicError}: {quic.Message}"),
        };
    }

    private static ErrorMeaning TranslateTls(AuthenticationException tls, ErrorScene scene)
    {
        int native = NativeStatus(tls);
        if (native == 0)
        {
            // Only a client's own refusal has no status: the validation callback said no.
            return new(TransportError.CertificateRejected, CloseInitiator.Local, null, null, 0, "this side refused the peer's certificate");
        }

        if (MsQuicStatus.TryGetAlert(native, out byte? alert))
        {
            bool isAboutCertificate = IsCertificateAlert(alert.Value);
            return new(
                isAboutCertificate ? TransportError.CertificateRejected : Failure(scene), CloseInitiator.Remote, null, MsQuicStatus.CryptoErrorBase + alert, native,
                isAboutCertificate ? $"the peer refused this side's certificate, or misses one (TLS alert {alert})" : $"the TLS handshake failed with alert {alert}");
        }

        if (native == MsQuicStatus.UserCanceled)
        {
            // A client over System.Net.Quic has no other way to say that it refuses the server's certificate.
            return scene == ErrorScene.Accepting
                ? new(TransportError.CertificateRejected, CloseInitiator.Remote, null, null, native, "the client gave the handshake up, as one does that refuses this server's certificate")
                : new(Failure(scene), CloseInitiator.Remote, null, null, native, "the peer gave the handshake up: it serves no such name, or has too many connections");
        }

        return native == MsQuicStatus.NoApplicationProtocol
            ? new(Failure(scene), CloseInitiator.Remote, null, MsQuicStatus.CryptoErrorBase + NoApplicationProtocolAlert, native, "there is no common application protocol (ALPN)")
            : MsQuicStatus.IsCertificateError(native)
                ? new(TransportError.CertificateRejected, CloseInitiator.Local, null, null, native, $"the native library refused the peer's certificate: {tls.Message}")
                : new(Failure(scene), CloseInitiator.None, null, null, native, $"TLS failed: {tls.Message}");
    }

    /// <summary>
    /// Alerts that speak of a certificate (RFC 8446, section 6.2): 41 to 46, unknown_ca (48), access_denied (49), bad_certificate_status_response (113), certificate_required (116).
    /// </summary>
    private static bool IsCertificateAlert(byte alert) => alert is (>= 41 and <= 46) or 48 or 49 or 113 or 116;

    private static TransportError Failure(ErrorScene scene) => scene switch
    {
        ErrorScene.Listening => TransportError.ListenFailed,
        ErrorScene.Connected => TransportError.ConnectionLost,
        _ => TransportError.ConnectFailed,
    };

    private static TransportError LocalEnd(ErrorScene scene) => scene == ErrorScene.Connected ? TransportError.ConnectionClosed : Failure(scene);

    /// <summary>The native status, or 0 where the number is one that .NET itself gave the exception.</summary>
    private static int NativeStatus(Exception exception)
    {
        const int FacilityMask = unchecked((int)0xFFFF0000);
        const int ClrFacility = unchecked((int)0x80130000);
        const int Unspecified = unchecked((int)0x80004005);
        return (exception.HResult & FacilityMask) == ClrFacility ? 0
            : exception.HResult != Unspecified ? exception.HResult
            : exception is SocketException socket ? socket.NativeErrorCode
            : 0;
    }
}
