using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Identity;

/// <summary>Names of certificates made at random: read as they were written, and matched by rules as regular expressions match them.</summary>
[TestClass]
public sealed partial class CertificateNamePropertyTests
{
    private const int Certificates = 300;
    private const int PatternsEach = 60;

    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Read_AnyNames_AreThoseThatWereWritten()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int spiffe = 0;
        for (int i = 0; i < Certificates; i++)
        {
            string[] dns = [.. Enumerable.Range(0, random.Next(3)).Select(_ => Text(random, "abcXYZ019-*.", 12))];
            string[] uris = [.. Enumerable.Range(0, random.Next(3)).Select(_ => Uri(random))];
            string[] emails = [.. Enumerable.Range(0, random.Next(3)).Select(_ => Text(random, "abAB.@", 10))];
            IPAddress[] addresses = [.. Enumerable.Range(0, random.Next(3)).Select(_ => Address(random))];
            using X509Certificate2 certificate = Issue("CN=x", WriteNames(random, dns, uris, emails, addresses));

            CertificateNames names = CertificateNames.Read(certificate);

            Assert.AreSequenceEqual(dns.Select(static n => n.ToLowerInvariant()), names.DnsNames);
            Assert.AreSequenceEqual(uris, names.Uris);
            Assert.AreSequenceEqual(emails, names.EmailAddresses);
            Assert.AreSequenceEqual(addresses, names.Addresses);
            string? expected = uris.Length == 1 && SpiffeId().IsMatch(uris[0]) ? uris[0] : null;
            Assert.AreEqual(expected, names.SpiffeId);
            spiffe += expected is null ? 0 : 1;
        }

        Assert.IsGreaterThan(Certificates / 20, spiffe, "Too few SPIFFE ids for this to say anything.");
    }

    [TestMethod]
    public void Read_AnyDamagedNames_AreRefusedOrWholly()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int refused = 0;
        for (int i = 0; i < Certificates; i++)
        {
            byte[] extension = WriteNames(random, ["a.example"], ["spiffe://a/b"], ["a@b.example"], [IPAddress.Loopback]);
            byte[] damaged = random.Next(2) == 0 ? extension[..random.Next(extension.Length)] : extension;
            if (damaged == extension)
            {
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            }

            using X509Certificate2 certificate = Issue("CN=x", damaged);
            try
            {
                CertificateNames names = CertificateNames.Read(certificate);

                // A bit turned may make another name, or another kind of name, but leaves out none that can be read.
                Assert.IsGreaterThanOrEqualTo(3, names.DnsNames.Count + names.Addresses.Count + names.Uris.Count + names.EmailAddresses.Count, Convert.ToHexString(damaged));
            }
            catch (CryptographicException)
            {
                refused++;
            }
        }

        Assert.IsGreaterThan(Certificates / 4, refused);
    }

    [TestMethod]
    public void Map_AnyPatternAndName_AgreesWithARegularExpression()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int mapped = 0;
        for (int i = 0; i < Certificates; i++)
        {
            string dns = Text(random, "aab.", 6);
            string uri = "u://" + Text(random, "aab/", 6);
            string commonName = "N" + Text(random, "aab.", 5);
            using X509Certificate2 certificate = Issue($"CN={commonName}", WriteNames(random, [dns], [uri], [], []));
            for (int j = 0; j < PatternsEach; j++)
            {
                (CertificateField field, string name, string separator, RegexOptions options) = random.Next(3) switch
                {
                    0 => (CertificateField.Dns, dns.ToLowerInvariant(), "[^.]", RegexOptions.IgnoreCase),
                    1 => (CertificateField.Uri, uri, "[^/]", RegexOptions.None),
                    _ => (CertificateField.CommonName, commonName, ".", RegexOptions.Singleline),
                };
                string pattern = Pattern(random, name);
                string expression = $"\\A{Regex.Escape(pattern).Replace("\\*", $"({separator}+)", StringComparison.Ordinal)}\\z";
                Match expected = Regex.Match(name, expression, options | RegexOptions.CultureInvariant);

                Principal? principal = new CertificateMapper([new CertificateRule(field, pattern) { Name = "{0}|{1}" }]).Map(certificate, DateTimeOffset.UnixEpoch);

                Assert.AreEqual(expected.Success ? $"{name}|{expected.Groups[1].Value}" : null, principal?.Name, $"{field} '{name}' by '{pattern}'");
                mapped += expected.Success ? 1 : 0;
            }
        }

        Assert.IsGreaterThan(Certificates * PatternsEach / 20, mapped, "Too few rules matched for this to say anything.");
    }

    // SPIFFE-ID, section 2: a trust domain of lower-case letters, digits, dots, dashes and underscores; segments of letters, digits and the same that are neither empty nor dots.
    [GeneratedRegex(@"\Aspiffe://[a-z0-9._-]{1,255}(?:/(?!\.{1,2}(?:/|\z))[A-Za-z0-9._-]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex SpiffeId();

    private static string Pattern(Random random, string name)
    {
        int at = random.Next(name.Length + 1);
        int length = random.Next(name.Length - at + 1);
        return random.Next(5) switch
        {
            0 => name,
            1 => name + "a",
            2 => name.Remove(at, length),
            _ => name.Remove(at, length).Insert(at, "*"),
        };
    }

    private static string Uri(Random random) => random.Next(3) switch
    {
        0 => "spiffe://" + Text(random, "ab.-_9", 6) + string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => "/" + Text(random, "aB.-_9", 3))),
        1 => "spiffe://" + Text(random, "abA./%:@", 10),
        _ => Text(random, "abspife:/.", 14),
    };

    private static string Text(Random random, string characters, int most) =>
        new([.. Enumerable.Range(0, random.Next(1, most + 1)).Select(_ => characters[random.Next(characters.Length)])]);

    private static IPAddress Address(Random random)
    {
        byte[] bytes = new byte[random.Next(2) == 0 ? 4 : 16];
        random.NextBytes(bytes);
        return new IPAddress(bytes);
    }

    // GeneralNames in any order (RFC 5280, section 4.2.1.6): rfc822Name is [1], dNSName [2], uniformResourceIdentifier [6], iPAddress [7].
    private static byte[] WriteNames(Random random, string[] dns, string[] uris, string[] emails, IPAddress[] addresses)
    {
        List<Queue<Action<AsnWriter>>> kinds =
        [
            new(dns.Select(static text => WriteText(2, text))), new(uris.Select(static text => WriteText(6, text))), new(emails.Select(static text => WriteText(1, text))),
            new(addresses.Select(static address => (Action<AsnWriter>)(writer => writer.WriteOctetString(address.GetAddressBytes(), new Asn1Tag(TagClass.ContextSpecific, 7))))),
        ];
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            while (kinds.RemoveAll(static kind => kind.Count == 0) >= 0 && kinds.Count > 0)
            {
                kinds[random.Next(kinds.Count)].Dequeue()(writer);
            }
        }

        return writer.Encode();
    }

    private static Action<AsnWriter> WriteText(int tag, string text) => writer => writer.WriteCharacterString(UniversalTagNumber.IA5String, text, new Asn1Tag(TagClass.ContextSpecific, tag));

    private static X509Certificate2 Issue(string subject, byte[] names)
    {
        var request = new CertificateRequest(subject, Key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509Extension("2.5.29.17", names, critical: false));
        return request.CreateSelfSigned(TestAuthority.Begin, TestAuthority.End);
    }
}
