using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Net.Ngtcp2;

namespace Net.UnitTests.Ngtcp2;

/// <summary>The peer's certificate, parsed on demand.</summary>
[TestClass]
public sealed class PeerLeafTests
{
    [TestMethod]
    public void Certificate_AskedForFromManyThreads_IsParsedOnce()
    {
        using var leaf = new PeerLeaf(MakeEncoded());
        var seen = new X509Certificate2[8];

        Parallel.For(0, seen.Length, i => seen[i] = leaf.Certificate);

        Assert.AreEqual("CN=leaf", seen[0].Subject);
        Assert.IsTrue(seen.All(c => ReferenceEquals(c, seen[0])));
    }

    [TestMethod]
    public void Dispose_AfterACall_DisposesTheCertificate()
    {
        var leaf = new PeerLeaf(MakeEncoded());
        X509Certificate2 certificate = leaf.Certificate;

        leaf.Dispose();

        Assert.AreEqual(0, certificate.Handle);
    }

    [TestMethod]
    public void Certificate_AfterDispose_IsADisposedOne()
    {
        var leaf = new PeerLeaf(MakeEncoded());

        leaf.Dispose();

        Assert.AreEqual(0, leaf.Certificate.Handle);
    }

    [TestMethod]
    public void Certificate_ThatCannotBeRead_Throws()
    {
        using var leaf = new PeerLeaf(new byte[] { 1, 2, 3 });

        Assert.Throws<CryptographicException>(() => leaf.Certificate);
    }

    [TestMethod]
    public void Is_SameBytesElsewhere_IsTheSame()
    {
        byte[] encoded = MakeEncoded();
        using var leaf = new PeerLeaf(encoded);

        Assert.IsTrue(leaf.Is(encoded.ToArray()));
        Assert.IsFalse(leaf.Is(encoded.AsMemory(1)));
    }

    private static byte[] MakeEncoded()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=leaf", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return certificate.RawData;
    }
}
