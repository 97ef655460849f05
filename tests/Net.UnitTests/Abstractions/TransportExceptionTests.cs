using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.UnitTests.Abstractions;

[TestClass]
public sealed class TransportExceptionTests
{
    public static IEnumerable<object[]> Errors => Enum.GetValues<TransportError>().Select(e => new object[] { e });

    [TestMethod]
    [DynamicData(nameof(Errors))]
    public void IsSafeToRetry_NotSaid_FollowsFromTheError(TransportError error)
    {
        bool expected = error is TransportError.ConnectFailed or TransportError.CircuitOpen or TransportError.NoEndPoint
            or TransportError.EarlyDataRejected or TransportError.PoolExhausted;

        Assert.AreEqual(expected, new TransportException(error, "x").IsSafeToRetry);
    }

    [TestMethod]
    public void IsSafeToRetry_Said_Counts()
    {
        Assert.IsTrue(new TransportException(TransportError.ConnectionLost, "x") { IsSafeToRetry = true }.IsSafeToRetry);
        Assert.IsFalse(new TransportException(TransportError.ConnectFailed, "x") { IsSafeToRetry = false }.IsSafeToRetry);
    }

    [TestMethod]
    public void Constructor_OnlyErrorAndMessage_LeavesTheRestUnknown()
    {
        var exception = new TransportException(TransportError.StreamReset, "The peer reset the stream.");

        Assert.AreEqual(TransportError.StreamReset, exception.Error);
        Assert.AreEqual("The peer reset the stream.", exception.Message);
        Assert.IsNull(exception.ApplicationErrorCode);
        Assert.IsNull(exception.TransportErrorCode);
        Assert.IsNull(exception.RetryAfter);
        Assert.IsNull(exception.InnerException);
        Assert.AreEqual(0, exception.NativeError);
        Assert.IsInstanceOfType<IOException>(exception);
    }

    [TestMethod]
    public void NativeError_Set_IsTheHResult()
    {
        var exception = new TransportException(TransportError.ListenFailed, "x", new InvalidOperationException()) { NativeError = -42 };

        Assert.AreEqual(-42, exception.NativeError);
        Assert.AreEqual(-42, exception.HResult);
        Assert.IsInstanceOfType<InvalidOperationException>(exception.InnerException);
    }

    [TestMethod]
    [DataRow(CloseInitiator.Local, 5L, null, "bye", "The connection was closed by this side with application code 0x5: bye")]
    [DataRow(CloseInitiator.Remote, 0xffL, null, "", "The connection was closed by the peer with application code 0xff.")]
    [DataRow(CloseInitiator.Remote, null, 0x128L, "no", "The connection was closed by the peer with transport code 0x128: no")]
    [DataRow(CloseInitiator.None, null, null, "idle", "The connection was lost: idle")]
    public void ToException_OfAClose_TellsWhoWithWhatAndWhy(CloseInitiator initiator, long? application, long? transport, string reason, string expected)
    {
        TransportException exception = new ConnectionClose(initiator, TransportError.ConnectionClosed, application, transport, reason).ToException();

        Assert.AreEqual(expected, exception.Message);
        Assert.AreEqual(application, exception.ApplicationErrorCode);
        Assert.AreEqual(transport, exception.TransportErrorCode);
        Assert.IsFalse(exception.IsSafeToRetry);
    }

    [TestMethod]
    public void ToException_SafeToRetry_IsKeptButForRefusedCertificates()
    {
        ConnectionClose close = new(CloseInitiator.Remote, TransportError.ConnectionLost, null, null, "");

        Assert.IsTrue(close.ToException(isSafeToRetry: true).IsSafeToRetry);
        Assert.IsFalse((close with { Error = TransportError.CertificateRejected }).ToException(isSafeToRetry: true).IsSafeToRetry);
    }

    [TestMethod]
    [DataRow(0L)]
    [DataRow(ErrorCodes.Max)]
    public void ThrowIfInvalid_InRange_DoesNot(long code) => ErrorCodes.ThrowIfInvalid(code, nameof(code));

    [TestMethod]
    [DataRow(-1L)]
    [DataRow(ErrorCodes.Max + 1)]
    [DataRow(long.MaxValue)]
    public void ThrowIfInvalid_OutOfRange_NamesTheParameter(long code) =>
        Assert.AreEqual("place", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ErrorCodes.ThrowIfInvalid(code, "place")).ParamName);
}
