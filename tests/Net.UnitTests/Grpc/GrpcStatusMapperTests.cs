using System.Net.Http;
using System.Net.Sockets;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Grpc;

namespace Net.UnitTests.Grpc;

[TestClass]
public sealed class GrpcStatusMapperTests
{
    [TestMethod]
    [DataRow(TransportError.ConnectFailed, GrpcStatusCode.Unavailable, true)]
    [DataRow(TransportError.CertificateRejected, GrpcStatusCode.Unauthenticated, false)]
    [DataRow(TransportError.ConnectionLost, GrpcStatusCode.Unavailable, false)]
    [DataRow(TransportError.ConnectionClosed, GrpcStatusCode.Unavailable, false)]
    [DataRow(TransportError.StreamReset, GrpcStatusCode.Internal, false)]
    [DataRow(TransportError.EarlyDataRejected, GrpcStatusCode.Unavailable, true)]
    [DataRow(TransportError.PoolExhausted, GrpcStatusCode.ResourceExhausted, true)]
    [DataRow(TransportError.MessageTooLarge, GrpcStatusCode.ResourceExhausted, false)]
    [DataRow(TransportError.CircuitOpen, GrpcStatusCode.Unavailable, true)]
    [DataRow(TransportError.NoEndPoint, GrpcStatusCode.Unavailable, true)]
    [DataRow(TransportError.DeadlineExceeded, GrpcStatusCode.DeadlineExceeded, false)]
    [DataRow(TransportError.ProtocolViolation, GrpcStatusCode.Internal, false)]
    [DataRow(TransportError.EngineMissing, GrpcStatusCode.FailedPrecondition, false)]
    [DataRow(TransportError.ListenFailed, GrpcStatusCode.Internal, false)]
    public void FromTransport_EachError_IsMapped(TransportError error, GrpcStatusCode code, bool isSafe) =>
        Assert.AreEqual((code, isSafe), GrpcStatusMapper.FromTransport(new TransportException(error, "why")));

    [TestMethod]
    [DataRow(0x10bL, GrpcStatusCode.Unavailable, true)]
    [DataRow(0x10cL, GrpcStatusCode.Cancelled, false)]
    [DataRow(0x107L, GrpcStatusCode.ResourceExhausted, false)]
    [DataRow(0x100L, GrpcStatusCode.Internal, false)]
    [DataRow(0x102L, GrpcStatusCode.Internal, false)]
    [DataRow(0x10eL, GrpcStatusCode.Internal, false)]
    [DataRow(0x7L, GrpcStatusCode.Unavailable, true)]
    [DataRow(0x8L, GrpcStatusCode.Cancelled, false)]
    [DataRow(0xbL, GrpcStatusCode.ResourceExhausted, false)]
    [DataRow(0xcL, GrpcStatusCode.PermissionDenied, false)]
    [DataRow(0x0L, GrpcStatusCode.Internal, false)]
    [DataRow(0x2L, GrpcStatusCode.Internal, false)]
    public void FromException_StreamError_IsMappedThroughBothKindsOfHandler(long error, GrpcStatusCode code, bool isSafe)
    {
        Exception[] causes =
        [
            new HttpRequestException("outer", new HttpProtocolException(error, "inner", null)),
            new HttpRequestException("outer", new TransportException(TransportError.StreamReset, "inner") { ApplicationErrorCode = error }),
            new IOException("outer", new HttpIOException(HttpRequestError.HttpProtocolError, "middle", new HttpProtocolException(error, "inner", null))),
        ];
        foreach (Exception cause in causes)
        {
            GrpcException mapped = GrpcStatusMapper.FromException(cause);

            Assert.AreEqual((code, isSafe), (mapped.Code, mapped.IsSafeToRetry), cause.ToString());
            Assert.AreSame(cause, mapped.InnerException);
        }
    }

    [TestMethod]
    [DataRow(400, GrpcStatusCode.Internal)]
    [DataRow(401, GrpcStatusCode.Unauthenticated)]
    [DataRow(403, GrpcStatusCode.PermissionDenied)]
    [DataRow(404, GrpcStatusCode.Unimplemented)]
    [DataRow(429, GrpcStatusCode.Unavailable)]
    [DataRow(502, GrpcStatusCode.Unavailable)]
    [DataRow(503, GrpcStatusCode.Unavailable)]
    [DataRow(504, GrpcStatusCode.Unavailable)]
    [DataRow(500, GrpcStatusCode.Unknown)]
    [DataRow(302, GrpcStatusCode.Unknown)]
    public void FromHttpStatus_Each_IsMapped(int http, GrpcStatusCode code) => Assert.AreEqual(code, GrpcStatusMapper.FromHttpStatus(http));

    [TestMethod]
    [DataRow(HttpRequestError.NameResolutionError, GrpcStatusCode.Unavailable, true)]
    [DataRow(HttpRequestError.ConnectionError, GrpcStatusCode.Unavailable, true)]
    [DataRow(HttpRequestError.SecureConnectionError, GrpcStatusCode.Unavailable, true)]
    [DataRow(HttpRequestError.VersionNegotiationError, GrpcStatusCode.Unavailable, true)]
    [DataRow(HttpRequestError.ResponseEnded, GrpcStatusCode.Unavailable, false)]
    [DataRow(HttpRequestError.Unknown, GrpcStatusCode.Unavailable, false)]
    [DataRow(HttpRequestError.InvalidResponse, GrpcStatusCode.Internal, false)]
    [DataRow(HttpRequestError.ConfigurationLimitExceeded, GrpcStatusCode.ResourceExhausted, false)]
    public void FromException_RequestError_IsMapped(HttpRequestError error, GrpcStatusCode code, bool isSafe)
    {
        GrpcException mapped = GrpcStatusMapper.FromException(new HttpRequestException(error, "why"));

        Assert.AreEqual((code, isSafe, "why"), (mapped.Code, mapped.IsSafeToRetry, mapped.Status.Message));
    }

    [TestMethod]
    public void FromException_Others_AreMapped()
    {
        Assert.AreEqual(GrpcStatusCode.Unavailable, GrpcStatusMapper.FromException(new IOException("x", new SocketException(104))).Code);
        Assert.AreEqual(GrpcStatusCode.Unavailable, GrpcStatusMapper.FromException(new TaskCanceledException("x", new TimeoutException())).Code);
        Assert.AreEqual(GrpcStatusCode.Cancelled, GrpcStatusMapper.FromException(new TaskCanceledException("x")).Code);
        Assert.AreEqual(GrpcStatusCode.Internal, GrpcStatusMapper.FromException(new InvalidOperationException("x")).Code);
    }
}
