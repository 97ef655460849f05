using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Security.Internal;
using Net.Testing;

namespace Net.SecurityTests.Certificates;

/// <summary>Revocation lists with random serial numbers: what the runtime wrote is what is read, and damage is never taken for a list that the authority signed.</summary>
[TestClass]
public sealed class RevocationListPropertyTests
{
    private const int Lists = 80;
    private const int DamagesEach = 40;

    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly X509Certificate2 Authority = MakeAuthority();

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Parse_AnyList_HoldsExactlyWhatIsRevoked()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Lists; i++)
        {
            byte[][] serials = [.. Enumerable.Range(0, random.Next(6)).Select(_ => Serial(random))];
            DateTimeOffset thisUpdate = TestAuthority.Begin.AddSeconds(random.Next(100_000_000));
            DateTimeOffset nextUpdate = thisUpdate.AddSeconds(random.Next(1, 100_000_000));
            var number = new BigInteger(random.NextInt64());

            RevocationList list = RevocationList.Parse(Make(serials, number, thisUpdate, nextUpdate), "a.crl");

            Assert.AreEqual(number, list.Number);
            Assert.AreEqual(thisUpdate, list.ThisUpdate);
            Assert.AreEqual(nextUpdate, list.NextUpdate);
            Assert.AreEqual(Authority.SubjectName.Name, list.Issuer.Name);
            Assert.AreEqual(serials.Select(Convert.ToHexString).Distinct().Count(), list.Count);
            Assert.IsTrue(list.IsSignedBy(Authority));
            foreach (byte[] serial in (byte[][])[.. serials, Serial(random), Serial(random)])
            {
                using X509Certificate2 certificate = Issue(serial);
                Assert.AreEqual(serials.Any(other => other.AsSpan().SequenceEqual(serial)), list.Holds(certificate), Convert.ToHexString(serial));
            }
        }
    }

    [TestMethod]
    public void Parse_AnyDamage_IsRefusedOrNotSignedOrChangesNothing()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int refused = 0;
        int unsigned = 0;
        for (int i = 0; i < Lists; i++)
        {
            byte[][] serials = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Serial(random))];
            byte[] whole = Make(serials, random.Next(), TestAuthority.Begin, TestAuthority.Begin.AddDays(1));
            RevocationList original = RevocationList.Parse(whole, "a.crl");
            using X509Certificate2 held = Issue(serials[0]);
            for (int j = 0; j < DamagesEach; j++)
            {
                byte[] damaged = [.. whole];
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                try
                {
                    RevocationList list = RevocationList.Parse(damaged, "a.crl");
                    if (list.IsSignedBy(Authority))
                    {
                        // Only what stands outside the signature can differ, as the count of unused bits.
                        Assert.AreEqual((original.Number, original.ThisUpdate, original.NextUpdate, original.Count), (list.Number, list.ThisUpdate, list.NextUpdate, list.Count));
                        Assert.IsTrue(list.Holds(held), Convert.ToHexString(damaged));
                    }
                    else
                    {
                        unsigned++;
                    }
                }
                catch (CertificateSourceException exception)
                {
                    Assert.Contains("a.crl", exception.Message);
                    refused++;
                }
            }

            Assert.Throws<CertificateSourceException>(() => RevocationList.Parse(whole.AsMemory(0, random.Next(whole.Length)), "a.crl"), "A list that is cut off.");
            Assert.Throws<CertificateSourceException>(() => RevocationList.Parse((byte[])[.. whole, (byte)random.Next(256)], "a.crl"), "A list with a byte behind it.");
        }

        Assert.IsGreaterThan(Lists, refused);
        Assert.IsGreaterThan(Lists, unsigned);
    }

    [TestMethod]
    public void Parse_AnyBytes_AreRefusedWithTheFilesName()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 3000; i++)
        {
            byte[] bytes = new byte[random.Next(80)];
            random.NextBytes(bytes);
            if (bytes.Length > 2 && random.Next(2) == 0)
            {
                bytes[0] = 0x30;
                bytes[1] = (byte)(bytes.Length - 2);
            }

            CertificateSourceException exception = Assert.Throws<CertificateSourceException>(() => RevocationList.Parse(bytes, "b.crl"), Convert.ToHexString(bytes));
            Assert.Contains("b.crl", exception.Message);
        }
    }

    // A serial number is a positive integer of at most 20 bytes (RFC 5280, section 4.1.2.2), in its shortest form.
    private static byte[] Serial(Random random)
    {
        byte[] serial = new byte[random.Next(1, 20)];
        random.NextBytes(serial);
        serial[0] = (byte)random.Next(1, 128);
        return serial;
    }

    private static byte[] Make(byte[][] serials, BigInteger number, DateTimeOffset thisUpdate, DateTimeOffset nextUpdate)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (byte[] serial in serials.DistinctBy(Convert.ToHexString))
        {
            builder.AddEntry(serial, thisUpdate, serial[0] % 2 == 0 ? X509RevocationReason.KeyCompromise : null);
        }

        return builder.Build(Authority, number, nextUpdate, HashAlgorithmName.SHA256, rsaSignaturePadding: null, thisUpdate);
    }

    private static X509Certificate2 Issue(byte[] serial) =>
        new CertificateRequest("CN=leaf", Key, HashAlgorithmName.SHA256).Create(Authority, TestAuthority.Begin, TestAuthority.End, serial);

    private static X509Certificate2 MakeAuthority()
    {
        var request = new CertificateRequest("CN=Random root", Key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(TestAuthority.Begin, TestAuthority.End);
    }
}
