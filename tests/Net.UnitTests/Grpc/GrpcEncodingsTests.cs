using Net.Grpc;
using Net.Testing;

namespace Net.UnitTests.Grpc;

/// <summary>What a peer's <c>grpc-accept-encoding</c> allows.</summary>
[TestClass]
public sealed class GrpcEncodingsTests
{
    private const int Lists = 20_000;
    private static readonly string[] Names = ["gzip", "deflate", "identity", "br", "zstd", "GZIP", "gzi", "gzipp", "x-gzip", "", "de flate", "gzip;q=1"];
    private static readonly string[] Spaces = ["", " ", "\t", "  \t "];

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void IsAccepted_OfAnyList_IsTrueForItsMembersAndForIdentityAlone()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Lists; i++)
        {
            string[] members = [.. Enumerable.Range(0, random.Next(6)).Select(_ => Names[random.Next(Names.Length)])];
            string list = string.Join(',', members.Select(name => Spaces[random.Next(Spaces.Length)] + name + Spaces[random.Next(Spaces.Length)]));

            Assert.AreEqual(members.Contains("gzip"), GrpcEncodings.IsAccepted(list, GrpcEncoding.Gzip), $"'{list}'");
            Assert.AreEqual(members.Contains("deflate"), GrpcEncodings.IsAccepted(list, GrpcEncoding.Deflate), $"'{list}'");
            Assert.IsTrue(GrpcEncodings.IsAccepted(list, GrpcEncoding.Identity), $"'{list}'");
        }
    }

    [TestMethod]
    public void IsAccepted_OfAnyCharacters_NeverThrowsAndFindsOnlyWhatStandsThere()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Lists; i++)
        {
            string list = new([.. Enumerable.Range(0, random.Next(40)).Select(_ => "gzipdeflat, \t;=\0\u00fc"[random.Next(17)])]);
            bool expected = list.Split(',').Any(static part => part.Trim(' ', '\t') == "gzip");

            Assert.AreEqual(expected, GrpcEncodings.IsAccepted(list, GrpcEncoding.Gzip), $"'{list}'");
        }
    }

    [TestMethod]
    public void IsAccepted_WithoutAHeader_AllowsIdentityAlone()
    {
        Assert.IsTrue(GrpcEncodings.IsAccepted(null, GrpcEncoding.Identity));
        Assert.IsFalse(GrpcEncodings.IsAccepted(null, GrpcEncoding.Gzip));
        Assert.IsFalse(GrpcEncodings.IsAccepted(null, GrpcEncoding.Deflate));
    }
}
