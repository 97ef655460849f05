using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Identity;

[TestClass]
public sealed class CertificateMapperTests
{
    private const string Spiffe = "spiffe://example.org/ns/prod/sa/billing";
    private static readonly X509Certificate2 Full = Make("CN=billing, O=Example", dns: ["billing.svc.example"], uris: [Spiffe], emails: ["Billing@Example.ORG"]);

    [TestMethod]
    [DataRow(CertificateField.CommonName, "billing", "billing")]
    [DataRow(CertificateField.CommonName, "bill*", "billing")]
    [DataRow(CertificateField.CommonName, "Billing", null)]
    [DataRow(CertificateField.CommonName, "billing*", null)]
    [DataRow(CertificateField.Subject, "CN=billing, O=Example", "CN=billing, O=Example")]
    [DataRow(CertificateField.Dns, "billing.svc.example", "billing.svc.example")]
    [DataRow(CertificateField.Dns, "BILLING.svc.example", "billing.svc.example")]
    [DataRow(CertificateField.Dns, "*.svc.example", "billing.svc.example")]
    [DataRow(CertificateField.Dns, "*.example", null)]
    [DataRow(CertificateField.Dns, "svc.example", null)]
    [DataRow(CertificateField.Uri, Spiffe, Spiffe)]
    [DataRow(CertificateField.Spiffe, "spiffe://example.org/ns/prod/sa/*", Spiffe)]
    [DataRow(CertificateField.Spiffe, "spiffe://example.org/ns/*", null)]
    [DataRow(CertificateField.Spiffe, "spiffe://EXAMPLE.org/ns/prod/sa/billing", null)]
    [DataRow(CertificateField.Email, "Billing@example.org", "Billing@Example.ORG")]
    [DataRow(CertificateField.Email, "billing@example.org", null)]
    [DataRow(CertificateField.Email, "*@example.org", "Billing@Example.ORG")]
    [DataRow(CertificateField.Email, "*@org", null)]
    public void Map_ByEachField_MatchesTheWholeValueOrNothing(CertificateField field, string pattern, string? expected)
    {
        var mapper = new CertificateMapper([new CertificateRule(field, pattern) { Roles = ["user"] }]);

        Principal? principal = mapper.Map(Full, DateTimeOffset.UnixEpoch);

        Assert.AreEqual(expected, principal?.Name);
    }

    [TestMethod]
    public void Map_SerialWithLeadingZerosAndInLowerCase_Matches()
    {
        string serial = Full.SerialNumber;
        var mapper = new CertificateMapper([new CertificateRule(CertificateField.Serial, "00" + serial.ToLowerInvariant())]);

        Assert.IsNotNull(mapper.Map(Full, DateTimeOffset.UnixEpoch));
    }

    [TestMethod]
    public void Map_SeveralRulesThatMatch_TakesTheFirst()
    {
        var mapper = new CertificateMapper([
            new CertificateRule(CertificateField.CommonName, "other") { Name = "0" },
            new CertificateRule(CertificateField.Spiffe, "spiffe://example.org/ns/prod/sa/*") { Name = "service {1}", Roles = ["user"] },
            new CertificateRule(CertificateField.CommonName, "billing") { Name = "2", Roles = ["admin"] }]);

        Principal principal = mapper.Map(Full, DateTimeOffset.UnixEpoch)!;

        Assert.AreEqual("service billing", principal.Name);
        Assert.AreEqual("user", string.Join(' ', principal.Roles));
        Assert.AreEqual(Full.NotAfter.ToUniversalTime(), principal.ExpiresAt!.Value.UtcDateTime);
    }

    [TestMethod]
    public void Map_NamesThatAreAmbiguous_MatchNothing()
    {
        CertificateRule[] rules = [new(CertificateField.CommonName, "admin"), new(CertificateField.Spiffe, "spiffe://example.org/admin")];
        var mapper = new CertificateMapper(rules);
        foreach (X509Certificate2 certificate in new[]
        {
            Make("CN=guest, CN=admin"),
            Make("CN=admin, CN=guest"),
            Make("O=\"x, CN=admin\""),
            Make("CN=\"admin\nroot\""),
            Make("CN=guest", uris: ["spiffe://example.org/admin", "spiffe://example.org/guest"]),
            Make("CN=guest", uris: ["spiffe://example.org/x/../admin"]),
            Make("CN=guest", uris: ["spiffe://example.org//admin"]),
            Make("CN=guest", uris: ["SPIFFE://example.org/admin"]),
            Make("CN=guest", uris: ["https://example.org/admin"]),
            Make("CN=guest", dns: ["admin"]),
        })
        {
            Assert.IsNull(mapper.Map(certificate, DateTimeOffset.UnixEpoch), certificate.Subject);
        }
    }

    [TestMethod]
    public void Map_ExtensionThatCannotBeRead_HasNoNames()
    {
        X509Certificate2 certificate = Make("CN=admin", rawNames: [0x30, 0x84, 0xff, 0xff]);

        Assert.IsNull(new CertificateMapper([new CertificateRule(CertificateField.CommonName, "admin")]).Map(certificate, DateTimeOffset.UnixEpoch));
    }

    [TestMethod]
    public void Authenticate_CertificateWithoutARule_IsNobody()
    {
        var authenticator = new Authenticator(new AuthenticationOptions { Certificates = [new CertificateRule(CertificateField.CommonName, "other")], AllowAnonymous = true }, new ManualTimeProvider());

        Assert.AreEqual(AuthenticationFailure.UnmappedCertificate, authenticator.Authenticate(new CallerCredentials { Certificate = Full, Source = IPAddress.Loopback }).Failure);
        Assert.AreEqual(PrincipalKind.Anonymous, authenticator.Authenticate(new CallerCredentials { Source = IPAddress.Loopback }).Principal!.Kind);
    }

    [TestMethod]
    public void Validate_FaultyRules_NamesAllAtOnce()
    {
        ArgumentException fault = Assert.ThrowsExactly<ArgumentException>(() => new AccessOptions
        {
            Authentication = new AuthenticationOptions
            {
                Certificates =
                [
                    new CertificateRule(CertificateField.Dns, "*.*.example"), new CertificateRule(CertificateField.Serial, "12:34"), new CertificateRule(CertificateField.Spiffe, "example.org/x"),
                    new CertificateRule(CertificateField.CommonName, "x") { Name = "{1}" }, new CertificateRule(CertificateField.CommonName, "y") { Roles = ["amdin"] },
                ],
            },
        }.Validate());

        foreach (string expected in new[] { "Certificates[0]", "Certificates[1]", "Certificates[2]", "Certificates[3]", "'amdin'" })
        {
            StringAssert.Contains(fault.Message, expected);
        }
    }

    private static X509Certificate2 Make(string subject, string[]? dns = null, string[]? uris = null, string[]? emails = null, byte[]? rawNames = null)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach ((int tag, string value) in (dns ?? []).Select(static v => (2, v)).Concat((uris ?? []).Select(static v => (6, v))).Concat((emails ?? []).Select(static v => (1, v))))
            {
                writer.WriteCharacterString(UniversalTagNumber.IA5String, value, new Asn1Tag(TagClass.ContextSpecific, tag));
            }
        }

        request.CertificateExtensions.Add(new X509Extension("2.5.29.17", rawNames ?? writer.Encode(), critical: false));
        return request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }
}
