using System.Net.Quic;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Authentication;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.MsQuic.Internal;

namespace Net.UnitTests.MsQuic;

/// <summary>One row for each line of the translation.</summary>
[TestClass]
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
public sealed class MsQuicErrorsTests
{
    private const int NativeNumber = 0x1234;

    [TestMethod]
    [DataRow(QuicError.ConnectionAborted, "Connecting", TransportError.ConnectFailed, CloseInitiator.Remote)]
    [DataRow(QuicError.ConnectionAborted, "Accepting", TransportError.ConnectFailed, CloseInitiator.Remote)]
    [DataRow(QuicError.ConnectionAborted, "Connected", TransportError.ConnectionClosed, CloseInitiator.Remote)]
    [DataRow(QuicError.StreamAborted, "Connected", TransportError.StreamReset, CloseInitiator.Remote)]
    [DataRow(QuicError.OperationAborted, "Connecting", TransportError.ConnectFailed, CloseInitiator.Local)]
    [DataRow(QuicError.OperationAborted, "Connected", TransportError.ConnectionClosed, CloseInitiator.Local)]
    [DataRow(QuicError.ConnectionIdle, "Connecting", TransportError.ConnectFailed, CloseInitiator.None)]
    [DataRow(QuicError.ConnectionIdle, "Connected", TransportError.ConnectionLost, CloseInitiator.None)]
    [DataRow(QuicError.ConnectionTimeout, "Connecting", TransportError.ConnectFailed, CloseInitiator.None)]
    [DataRow(QuicError.ConnectionTimeout, "Accepting", TransportError.ConnectFailed, CloseInitiator.None)]
    [DataRow(QuicError.ConnectionTimeout, "Connected", TransportError.ConnectionLost, CloseInitiator.None)]
    [DataRow(QuicError.ConnectionRefused, "Connecting", TransportError.ConnectFailed, CloseInitiator.Remote)]
    [DataRow(QuicError.VersionNegotiationError, "Connecting", TransportError.ConnectFailed, CloseInitiator.None)]
    [DataRow(QuicError.TransportError, "Connecting", TransportError.ConnectFailed, CloseInitiator.None)]
    [DataRow(QuicError.TransportError, "Connected", TransportError.ConnectionLost, CloseInitiator.None)]
    [DataRow(QuicError.AlpnInUse, "Listening", TransportError.ListenFailed, CloseInitiator.Local)]
    [DataRow(QuicError.CallbackError, "Accepting", TransportError.ConnectFailed, CloseInitiator.Local)]
    [DataRow(QuicError.InternalError, "Connecting", TransportError.ConnectFailed, CloseInitiator.None)]
    [DataRow(QuicError.InternalError, "Connected", TransportError.ConnectionLost, CloseInitiator.None)]
    [DataRow(QuicError.InternalError, "Listening", TransportError.ListenFailed, CloseInitiator.None)]
    public void Translate_QuicException_GivesErrorAndInitiator(QuicError error, string scene, TransportError expected, CloseInitiator initiator)
    {
        ErrorMeaning meaning = MsQuicErrors.Translate(new QuicException(error, null, "text") { HResult = NativeNumber }, Enum.Parse<ErrorScene>(scene));

        Assert.AreEqual(expected, meaning.Error);
        Assert.AreEqual(initiator, meaning.Initiator);
        Assert.AreEqual(NativeNumber, meaning.NativeError);
    }

    [TestMethod]
    public void Translate_EveryQuicError_IsTold()
    {
        foreach (QuicError error in Enum.GetValues<QuicError>())
        {
            foreach (ErrorScene scene in Enum.GetValues<ErrorScene>())
            {
                ErrorMeaning meaning = MsQuicErrors.Translate(new QuicException(error, 5, "text"), scene);
                Assert.IsTrue(Enum.IsDefined(meaning.Error), $"{error} while {scene} became {meaning.Error}.");
            }
        }
    }

    [TestMethod]
    [DataRow(QuicError.ConnectionAborted)]
    [DataRow(QuicError.StreamAborted)]
    public void Translate_PeerAborts_KeepsApplicationCode(QuicError error)
    {
        ErrorMeaning meaning = MsQuicErrors.Translate(new QuicException(error, 77, "text"), ErrorScene.Connected);

        Assert.AreEqual(77L, meaning.ApplicationErrorCode);
        Assert.IsNull(meaning.TransportErrorCode);
    }

    [TestMethod]
    public void Translate_ConnectionRefused_GivesTransportCode() =>
        Assert.AreEqual(0x2L, MsQuicErrors.Translate(new QuicException(QuicError.ConnectionRefused, null, "text"), ErrorScene.Connecting).TransportErrorCode);

    [TestMethod]
    [DataRow((byte)41)]
    [DataRow((byte)42)]
    [DataRow((byte)43)]
    [DataRow((byte)44)]
    [DataRow((byte)45)]
    [DataRow((byte)46)]
    [DataRow((byte)48)]
    [DataRow((byte)49)]
    [DataRow((byte)113)]
    [DataRow((byte)116)]
    public void Translate_CertificateAlert_IsRejectionInEveryScene(byte alert)
    {
        foreach (ErrorScene scene in new[] { ErrorScene.Connecting, ErrorScene.Accepting, ErrorScene.Connected })
        {
            ErrorMeaning meaning = MsQuicErrors.Translate(Tls(MsQuicStatus.FromAlert(alert)), scene);

            Assert.AreEqual(TransportError.CertificateRejected, meaning.Error);
            Assert.AreEqual(0x100L + alert, meaning.TransportErrorCode);
        }
    }

    [TestMethod]
    [DataRow((byte)10)]
    [DataRow((byte)40)]
    [DataRow((byte)47)]
    [DataRow((byte)50)]
    [DataRow((byte)80)]
    [DataRow((byte)112)]
    [DataRow((byte)255)]
    public void Translate_OtherAlert_IsFailureOfTheScene(byte alert)
    {
        AuthenticationException exception = Tls(MsQuicStatus.FromAlert(alert));

        Assert.AreEqual(TransportError.ConnectFailed, MsQuicErrors.Translate(exception, ErrorScene.Connecting).Error);
        ErrorMeaning connected = MsQuicErrors.Translate(exception, ErrorScene.Connected);
        Assert.AreEqual(TransportError.ConnectionLost, connected.Error);
        Assert.AreEqual(0x100L + alert, connected.TransportErrorCode);
        Assert.AreEqual(exception.HResult, connected.NativeError);
    }

    [TestMethod]
    public void Translate_UserCanceled_IsRejectionOnServerOnly()
    {
        Assert.AreEqual(TransportError.CertificateRejected, MsQuicErrors.Translate(Tls(MsQuicStatus.UserCanceled), ErrorScene.Accepting).Error);
        Assert.AreEqual(TransportError.ConnectFailed, MsQuicErrors.Translate(Tls(MsQuicStatus.UserCanceled), ErrorScene.Connecting).Error);
        Assert.AreEqual(TransportError.ConnectionLost, MsQuicErrors.Translate(Tls(MsQuicStatus.UserCanceled), ErrorScene.Connected).Error);
    }

    [TestMethod]
    public void Translate_NoCommonProtocol_GivesAlert()
    {
        ErrorMeaning meaning = MsQuicErrors.Translate(Tls(MsQuicStatus.NoApplicationProtocol), ErrorScene.Connecting);

        Assert.AreEqual(TransportError.ConnectFailed, meaning.Error);
        Assert.AreEqual(0x178L, meaning.TransportErrorCode);
    }

    [TestMethod]
    public void Translate_LibraryRefusedCertificate_IsRejection()
    {
        int untrustedRoot = OperatingSystem.IsWindows() ? unchecked((int)0x800B0109) : 200_000_514;

        ErrorMeaning meaning = MsQuicErrors.Translate(Tls(untrustedRoot), ErrorScene.Connecting);

        Assert.AreEqual(TransportError.CertificateRejected, meaning.Error);
        Assert.AreEqual(CloseInitiator.Local, meaning.Initiator);
    }

    [TestMethod]
    public void Translate_CallbackSaidNo_IsRejectionOfThisSide()
    {
        ErrorMeaning meaning = MsQuicErrors.Translate(new AuthenticationException("text"), ErrorScene.Connecting);

        Assert.AreEqual(TransportError.CertificateRejected, meaning.Error);
        Assert.AreEqual(CloseInitiator.Local, meaning.Initiator);
        Assert.AreEqual(0, meaning.NativeError);
    }

    [TestMethod]
    public void Translate_OtherTlsFailure_IsFailureOfTheScene() =>
        Assert.AreEqual(TransportError.ConnectFailed, MsQuicErrors.Translate(Tls(NativeNumber), ErrorScene.Connecting).Error);

    [TestMethod]
    [DataRow("Connecting", TransportError.ConnectFailed)]
    [DataRow("Connected", TransportError.ConnectionLost)]
    [DataRow("Listening", TransportError.ListenFailed)]
    public void Translate_SocketException_IsFailureOfTheScene(string scene, TransportError expected)
    {
        ErrorMeaning meaning = MsQuicErrors.Translate(new SocketException((int)SocketError.HostUnreachable), Enum.Parse<ErrorScene>(scene));

        Assert.AreEqual(expected, meaning.Error);
        StringAssert.Contains(meaning.Reason, nameof(SocketError.HostUnreachable), StringComparison.Ordinal);
        Assert.AreNotEqual(0, meaning.NativeError);
    }

    [TestMethod]
    public void Translate_ObjectDisposed_IsCloseByThisSide()
    {
        ErrorMeaning meaning = MsQuicErrors.Translate(new ObjectDisposedException("connection"), ErrorScene.Connected);

        Assert.AreEqual(TransportError.ConnectionClosed, meaning.Error);
        Assert.AreEqual(CloseInitiator.Local, meaning.Initiator);
    }

    [TestMethod]
    public void Translate_PlatformNotSupported_IsEngineMissing() =>
        Assert.AreEqual(TransportError.EngineMissing, MsQuicErrors.Translate(new PlatformNotSupportedException("text"), ErrorScene.Connecting).Error);

    [TestMethod]
    public void Translate_UnknownException_NamesItsType()
    {
        ErrorMeaning meaning = MsQuicErrors.Translate(new InvalidOperationException("odd"), ErrorScene.Connected);

        Assert.AreEqual(TransportError.ConnectionLost, meaning.Error);
        StringAssert.Contains(meaning.Reason, nameof(InvalidOperationException), StringComparison.Ordinal);
        StringAssert.Contains(meaning.Reason, "odd", StringComparison.Ordinal);
    }

    [TestMethod]
    public void ToException_NativeNumber_StandsInHResult()
    {
        var cause = new QuicException(QuicError.ConnectionIdle, null, "text") { HResult = NativeNumber };

        TransportException exception = MsQuicErrors.Translate(cause, ErrorScene.Connected).ToException("message", cause);

        Assert.AreEqual(NativeNumber, exception.NativeError);
        Assert.AreEqual(NativeNumber, exception.HResult);
        Assert.AreSame(cause, exception.InnerException);
        Assert.IsFalse(exception.IsSafeToRetry);
    }

    [TestMethod]
    public void ToException_NoNativeNumber_LeavesHResultAlone()
    {
        TransportException exception = MsQuicErrors.Translate(new QuicException(QuicError.ConnectionTimeout, null, "text"), ErrorScene.Connecting).ToException("message", null);

        Assert.AreEqual(0, exception.NativeError);
        Assert.AreEqual(new IOException().HResult, exception.HResult);
        Assert.IsTrue(exception.IsSafeToRetry);
    }

    private static AuthenticationException Tls(int status) => new("text") { HResult = status };
}
