using Google.Protobuf;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Grpc;
using Net.Protocol.Echo;

namespace Net.UnitTests.Grpc;

[TestClass]
public sealed class GrpcStatusTests
{
    [TestMethod]
    public void WithDetails_ReadByType_GivesThemBack()
    {
        GrpcStatus status = new GrpcStatus(GrpcStatusCode.NotFound, "gone").WithDetails(new EchoRequest { Payload = "a" }, new EchoResponse { Payload = "b" });

        Assert.IsTrue(status.TryGetDetail(out EchoResponse response));
        Assert.AreEqual("b", response.Payload);
        Assert.IsTrue(status.TryGetDetail(out EchoRequest request));
        Assert.AreEqual("a", request.Payload);
        Assert.IsFalse(GrpcStatus.Ok.TryGetDetail(out EchoRequest _));
    }

    [TestMethod]
    public void TryGetDetail_BytesThatMakeNoSense_FindsNothing()
    {
        GrpcStatus status = new GrpcStatus(GrpcStatusCode.Internal) with { Details = new byte[] { 0xff, 0xff, 0xff } };

        Assert.IsFalse(status.TryGetDetail(out EchoRequest _));
    }

    [TestMethod]
    public void Equals_SameBytes_IsSame()
    {
        GrpcStatus one = new GrpcStatus(GrpcStatusCode.Aborted, "x") with { Details = new EchoRequest { Payload = "a" }.ToByteArray() };
        GrpcStatus two = new GrpcStatus(GrpcStatusCode.Aborted, "x") with { Details = new EchoRequest { Payload = "a" }.ToByteArray() };

        Assert.AreEqual(one, two);
        Assert.AreEqual(one.GetHashCode(), two.GetHashCode());
        Assert.AreNotEqual(one, two with { Details = default });
    }

    [TestMethod]
    public void GrpcException_OfOk_IsRefused() => Assert.ThrowsExactly<ArgumentException>(() => new GrpcException(GrpcStatus.Ok));

    [TestMethod]
    [DataRow("0", GrpcStatusCode.Ok)]
    [DataRow("16", GrpcStatusCode.Unauthenticated)]
    [DataRow("17", GrpcStatusCode.Unknown)]
    [DataRow("-1", GrpcStatusCode.Unknown)]
    [DataRow("", GrpcStatusCode.Unknown)]
    [DataRow("x", GrpcStatusCode.Unknown)]
    public void Parse_OfEachText_IsKnownOrUnknown(string text, GrpcStatusCode code) => Assert.AreEqual(code, GrpcStatusNames.Parse(text));

    [TestMethod]
    public void NameOf_EveryCode_IsGrpcsOwn()
    {
        foreach (GrpcStatusCode code in Enum.GetValues<GrpcStatusCode>())
        {
            string expected = string.Concat(code.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{c}" : char.ToUpperInvariant(c).ToString()));
            Assert.AreEqual(expected, GrpcStatusNames.NameOf(code), ignoreCase: true);
        }
    }
}
