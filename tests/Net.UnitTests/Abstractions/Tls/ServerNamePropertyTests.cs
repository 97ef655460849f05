using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Net.Ngtcp2.Tls;
using Net.Testing;

namespace Net.UnitTests.Abstractions.Tls;

/// <summary>Which name a certificate stands for and which one a handshake asks for, against the rules written out again (RFC 9525, section 6; RFC 6066, section 3).</summary>
[TestClass]
public sealed class ServerNamePropertyTests
{
    private const int Certificates = 250;
    private const int NamesEach = 60;
    private const int Names = 20_000;

    private static readonly string[] Labels = ["a", "b", "aa", "a-b", "xn--a-8ga", "c1"];
    private static readonly string[] UnicodeLabels = ["b\u00fccher", "\u4f8b", "\u03b4\u03bf\u03ba\u03b9\u03bc\u03ae", "na\u00efve", "\u043f\u0440\u0438", "caf\u00e9"];
    private static readonly string[] Suffixes = ["example", "test", "a.example"];
    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void IsMatch_AnyNamesHeldAndWanted_AgreesWithTheRulesWrittenOut()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int matches = 0;
        for (int i = 0; i < Certificates; i++)
        {
            string[] held = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => HeldName(random))];
            IPAddress[] addresses = [.. Enumerable.Range(0, random.Next(3)).Select(_ => Address(random))];
            using X509Certificate2 certificate = Issue(held, addresses);
            for (int j = 0; j < NamesEach; j++)
            {
                string wanted = WantedName(random, held);
                bool expected = held.Any(name => Matches(name, wanted));
                Assert.AreEqual(expected, ServerNameMatch.IsMatch(certificate, wanted), $"'{wanted}' against {string.Join(", ", held)}");
                matches += expected ? 1 : 0;

                IPAddress address = addresses.Length > 0 && random.Next(2) == 0 ? addresses[random.Next(addresses.Length)] : Address(random);
                Assert.AreEqual(
                    addresses.Contains(address), ServerNameMatch.IsMatch(certificate, Spell(address, random)), $"{address} against {string.Join(", ", addresses.AsEnumerable())}");
            }
        }

        Assert.IsGreaterThan(Certificates, matches, "Too few names matched for this to say anything.");
    }

    [TestMethod]
    public void ForExtension_AnyName_IsItsOneFormInAscii()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        var mapping = new IdnMapping();
        for (int i = 0; i < Names; i++)
        {
            string[] labels = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(3) == 0 ? UnicodeLabels[random.Next(UnicodeLabels.Length)] : Labels[random.Next(Labels.Length)])];
            string name = string.Join('.', [.. labels, "example"]);

            string? sent = TlsServerName.ForExtension(random.Next(2) == 0 ? name : name + ".");

            Assert.IsNotNull(sent, name);
            Assert.IsTrue(System.Text.Ascii.IsValid(sent), sent);
            Assert.IsFalse(sent.EndsWith('.'), sent);
            string[] sentLabels = sent.Split('.');
            Assert.HasCount(labels.Length + 1, sentLabels);
            for (int label = 0; label < labels.Length; label++)
            {
                // An ASCII label goes as it is, another one comes back from its A-label.
                string back = System.Text.Ascii.IsValid(labels[label]) ? sentLabels[label] : mapping.GetUnicode(sentLabels[label]);
                Assert.AreEqual(labels[label], back, $"{name} was sent as {sent}");
            }

            Assert.AreEqual(sent, TlsServerName.ForExtension(sent), "Its one form has another.");
        }
    }

    [TestMethod]
    public void ForExtension_AnyAddress_IsNotSent()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Names; i++)
        {
            string text = Spell(Address(random), random);
            Assert.IsNull(TlsServerName.ForExtension(text), text);
        }
    }

    [TestMethod]
    public void ForExtension_AnyLength_IsSentUpToWhatDnsAllows()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 2000; i++)
        {
            int length = random.Next(1, 300);
            string name = new([.. Enumerable.Range(1, length).Select(at => at % 60 == 0 && at != length ? '.' : 'a')]);
            Assert.AreEqual(length <= 253 ? name : null, TlsServerName.ForExtension(name), $"{length} characters");
        }
    }

    [TestMethod]
    public void IsMatch_CertificateForTheNameThatWasSent_MatchesTheNameAsThePersonWroteIt()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Certificates; i++)
        {
            string name = $"{UnicodeLabels[random.Next(UnicodeLabels.Length)]}.{Labels[random.Next(Labels.Length)]}.example";
            using X509Certificate2 certificate = Issue([TlsServerName.ForExtension(name)!], []);
            Assert.IsTrue(ServerNameMatch.IsMatch(certificate, name), name);
            Assert.IsFalse(ServerNameMatch.IsMatch(certificate, "x" + name), "x" + name);
        }
    }

    // The reference identifier's labels are compared one by one and without case; a wildcard is the whole first label and stands for exactly one (RFC 9525, section 6.3).
    private static bool Matches(string held, string wanted)
    {
        string[] have = held.Split('.');
        string[] want = (wanted.EndsWith('.') ? wanted[..^1] : wanted).Split('.');
        if (have.Length != want.Length || want.Any(static label => label.Length == 0 || label.Contains('*', StringComparison.Ordinal)))
        {
            return false;
        }

        for (int i = 0; i < have.Length; i++)
        {
            bool isWildcard = i == 0 && have.Length > 1 && have[i] == "*";
            if (!isWildcard && !string.Equals(have[i], want[i], StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return true;
    }

    private static string HeldName(Random random) => random.Next(8) switch
    {
        0 => $"*.{Suffixes[random.Next(Suffixes.Length)]}",
        1 => $"a*.{Suffixes[random.Next(Suffixes.Length)]}",
        2 => $"{Labels[random.Next(Labels.Length)]}.*.example",
        3 => $"*.*.{Suffixes[random.Next(Suffixes.Length)]}",
        _ => AnyCase($"{Labels[random.Next(Labels.Length)]}.{Suffixes[random.Next(Suffixes.Length)]}", random),
    };

    private static string WantedName(Random random, string[] held) => random.Next(8) switch
    {
        0 => AnyCase(held[random.Next(held.Length)].Replace("*", Labels[random.Next(Labels.Length)], StringComparison.Ordinal), random),
        1 => held[random.Next(held.Length)].Replace("*.", "", StringComparison.Ordinal),
        2 => held[random.Next(held.Length)],
        3 => $"{Labels[random.Next(Labels.Length)]}.{held[random.Next(held.Length)].Replace("*", "b", StringComparison.Ordinal)}",
        4 => $".{Suffixes[random.Next(Suffixes.Length)]}",
        5 => $"a..{Suffixes[random.Next(Suffixes.Length)]}",
        _ => AnyCase($"{Labels[random.Next(Labels.Length)]}.{Suffixes[random.Next(Suffixes.Length)]}", random) + (random.Next(4) == 0 ? "." : ""),
    };

    private static string AnyCase(string name, Random random) => new([.. name.Select(c => random.Next(2) == 0 ? char.ToUpperInvariant(c) : c)]);

    private static IPAddress Address(Random random) => random.Next(2) == 0
        ? new IPAddress([192, 0, 2, (byte)random.Next(6)])
        : new IPAddress([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte)random.Next(6)]);

    // One address has many texts.
    private static string Spell(IPAddress address, Random random)
    {
        byte[] bytes = address.GetAddressBytes();
        if (bytes.Length == 4)
        {
            return random.Next(3) switch { 0 => $"::ffff:{address}", 1 => $"::FFFF:c000:20{bytes[3]}", _ => address.ToString() };
        }

        return random.Next(4) switch
        {
            0 => $"2001:0db8:0:0:0:0:0:{bytes[15]}",
            1 => $"2001:DB8::000{bytes[15]}",
            2 => $"2001:db8::{bytes[15]}%3",
            _ => address.ToString(),
        };
    }

    private static X509Certificate2 Issue(string[] dnsNames, IPAddress[] addresses)
    {
        var request = new CertificateRequest("CN=held", Key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        Array.ForEach(dnsNames, names.AddDnsName);
        Array.ForEach(addresses, names.AddIpAddress);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(TestAuthority.Start, TestAuthority.End);
    }
}
