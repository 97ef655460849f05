using System.Security.Cryptography.X509Certificates;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Certificates;

/// <summary>Revocation lists: which count, which are refused, and what an old one is worth.</summary>
[TestClass]
public sealed class RevocationTests : CertificateSourceTest
{
    private readonly X509Certificate2 _revoked = Authority.IssueClient("revoked");
    private readonly X509Certificate2 _good = Authority.IssueClient("good");

    private DateTimeOffset Now => Time.GetUtcNow();

    private CertificateSourceOptions WithList => Options with { RevocationListFiles = [Files["ca.crl"]], PollInterval = TimeSpan.FromMinutes(1) };

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void List_InEitherForm_RefusesWhatItHolds(bool isPem)
    {
        byte[] list = Authority.CreateList(1, Now, Now.AddDays(7), _revoked);
        if (isPem)
        {
            Files.Replace("ca.crl", TestAuthority.ListPem(list));
        }
        else
        {
            File.WriteAllBytes(Files["ca.crl"], list);
        }

        CertificateSource source = Open(WithList);

        PeerCertificateVerdict verdict = Judge(source, _revoked);
        Assert.AreEqual(CertificateRefusal.Revoked, verdict.Refusal);
        Assert.Contains(_revoked.SerialNumber, verdict.Detail!);
        Assert.AreEqual(44, verdict.Alert);
        Assert.IsTrue(Judge(source, _good).IsAccepted);
    }

    [TestMethod]
    public void List_OfTheRoot_RefusesAWholeIntermediate()
    {
        TestAuthority intermediate = Authority.CreateIntermediate();
        X509Certificate2 client = intermediate.IssueClient();
        Files.Replace("ca.crl", TestAuthority.ListPem(Authority.CreateList(1, Now, Now.AddDays(7), intermediate.Certificate)));

        Assert.AreEqual(CertificateRefusal.Revoked, Judge(Open(WithList), client, intermediate.Certificate).Refusal);
    }

    [TestMethod]
    public void RequireRevocationLists_IssuerWithoutOne_IsRefusedAsUnknown()
    {
        TestAuthority intermediate = Authority.CreateIntermediate();
        X509Certificate2 client = intermediate.IssueClient();
        Files.Replace("ca.crl", TestAuthority.ListPem(Authority.CreateList(1, Now, Now.AddDays(7))));

        PeerCertificateVerdict verdict = Judge(Open(WithList with { RequireRevocationLists = true }), client, intermediate.Certificate);
        Assert.AreEqual(CertificateRefusal.RevocationUnknown, verdict.Refusal);
        Assert.AreEqual(46, verdict.Alert);
        Assert.IsTrue(Judge(Open(WithList), client, intermediate.Certificate).IsAccepted);

        // With both lists all is known. The intermediate's issuer of the list must be in the trust.
        Files.Replace("ca.pem", Authority.Pem + intermediate.Pem);
        Files.Replace("ca.crl", TestAuthority.ListPem(Authority.CreateList(2, Now, Now.AddDays(7))) + TestAuthority.ListPem(intermediate.CreateList(1, Now, Now.AddDays(7))));
        Assert.IsTrue(Judge(Open(WithList with { RequireRevocationLists = true }), client).IsAccepted);
    }

    [TestMethod]
    public async Task List_PastItsTime_FailsClosedOrOpenAsTheOptionSays()
    {
        Files.Replace("ca.crl", TestAuthority.ListPem(Authority.CreateList(1, Now, Now.AddHours(1), _revoked)));
        CertificateSource closed = Open(WithList);
        CertificateSource open = Open(WithList with { ExpiredLists = ExpiredListRule.Keep });
        Assert.IsTrue(Judge(closed, _good).IsAccepted);

        // The answer from before is remembered, but not beyond the list.
        await PassAsync(closed, TimeSpan.FromHours(1));

        PeerCertificateVerdict verdict = Judge(closed, _good);
        Assert.AreEqual(CertificateRefusal.RevocationUnknown, verdict.Refusal);
        Assert.Contains("ExpiredLists", verdict.Detail!);
        Assert.IsTrue(Judge(open, _good).IsAccepted);
        Assert.AreEqual(CertificateRefusal.Revoked, Judge(open, _revoked).Refusal);
        await LookAsync(closed);
        Assert.AreNotEqual(0, Log.Count("ListIsOverdue"));

        Files.Replace("ca.crl", TestAuthority.ListPem(Authority.CreateList(2, Now, Now.AddHours(1), _revoked)));
        await ReloadIsAppliedAsync(closed);
        Assert.IsTrue(Judge(closed, _good).IsAccepted);
    }

    [TestMethod]
    public async Task Reload_ListThatGrew_RefusesFromThenOnUnderANewGeneration()
    {
        Files.Replace("ca.crl", TestAuthority.ListPem(Authority.CreateList(1, Now, Now.AddDays(7))));
        CertificateSource source = Open(WithList);
        Assert.IsTrue(Judge(source, _revoked).IsAccepted);
        Files.Replace("ca.crl", TestAuthority.ListPem(Authority.CreateList(2, Now, Now.AddDays(7), _revoked)));

        await ReloadIsAppliedAsync(source);

        Assert.AreEqual(CertificateRefusal.Revoked, Judge(source, _revoked).Refusal);
        Assert.AreEqual(2, source.Current.Trust!.Generation);
    }

    public static IEnumerable<object[]> BadLists =>
    [
        ["older number", CertificateFault.RevocationList, "older than the one in use"],
        ["other issuer", CertificateFault.RevocationList, "not among the authorities"],
        ["forged", CertificateFault.RevocationList, "was not signed by"],
        ["damaged", CertificateFault.RevocationList, "was not signed by"],
        ["from the future", CertificateFault.NotYetValid, "Check the clock"],
        ["truncated", CertificateFault.Malformed, "cut off"],
        ["a certificate", CertificateFault.Malformed, "holds no block -----BEGIN X509 CRL-----"],
        ["garbage", CertificateFault.Malformed, "no revocation list that can be read"],
        ["missing", CertificateFault.Unreadable, "does not exist"],
    ];

    [TestMethod]
    [DynamicData(nameof(BadLists))]
    public async Task Reload_BadList_IsRefusedAndTheOldOneStillRefusesWhatItHolds(string kind, CertificateFault fault, string words)
    {
        Files.Replace("ca.crl", TestAuthority.ListPem(Authority.CreateList(5, Now, Now.AddDays(7), _revoked)));
        CertificateSource source = Open(WithList);
        Time.Advance(TimeSpan.FromHours(1));
        byte[] good = Authority.CreateList(6, Now, Now.AddDays(7));
        byte[] damaged = [.. good];
        damaged[^1] ^= 1;
        string pem = TestAuthority.ListPem(good);
        if (kind == "missing")
        {
            File.Delete(Files["ca.crl"]);
        }
        else
        {
            Files.Replace("ca.crl", kind switch
            {
                "older number" => TestAuthority.ListPem(Authority.CreateList(4, Now, Now.AddDays(7))),
                "other issuer" => TestAuthority.ListPem(new TestAuthority("Stranger").CreateList(6, Now, Now.AddDays(7))),
                "forged" => TestAuthority.ListPem(new TestAuthority("Test root").CreateList(6, Now, Now.AddDays(7))),
                "damaged" => TestAuthority.ListPem(damaged),
                "from the future" => TestAuthority.ListPem(Authority.CreateList(6, Now.AddHours(1), Now.AddDays(7))),
                "truncated" => pem[..^30],
                "a certificate" => Authority.Pem,
                _ => TestAuthority.ListPem([0x30, 0x03, 1, 2, 3]),
            });
        }

        CertificateSourceException refusal = await ReloadIsRefusedAsync(source, fault);

        Assert.Contains(words, refusal.Message);
        Assert.AreEqual(CertificateRefusal.Revoked, Judge(source, _revoked).Refusal);
    }

    [TestMethod]
    public async Task Reload_ListOfOneAuthorityGoneFromTheFile_IsRefusedWhileTheAuthorityIsTrusted()
    {
        var second = new TestAuthority("Second root");
        Files.Replace("ca.pem", Authority.Pem + second.Pem);
        string own = TestAuthority.ListPem(Authority.CreateList(1, Now, Now.AddDays(7), _revoked));
        Files.Replace("ca.crl", own + TestAuthority.ListPem(second.CreateList(1, Now, Now.AddDays(7))));
        CertificateSource source = Open(WithList);
        Files.Replace("ca.crl", own);

        Assert.Contains("Second root", (await ReloadIsRefusedAsync(source, CertificateFault.RevocationList)).Message);

        Files.Replace("ca.pem", Authority.Pem);
        await ReloadIsAppliedAsync(source);
        Assert.AreEqual(CertificateRefusal.Revoked, Judge(source, _revoked).Refusal);
    }

    [TestMethod]
    public void Open_ListWithACriticalExtension_IsRefused()
    {
        // The issuing distribution point says that a list is partial (RFC 5280, section 5.2.5); an unknown critical extension has the same bytes in its place.
        byte[] list = Authority.CreateList(1, Now, Now.AddDays(7));
        byte[] number = [0x06, 0x03, 0x55, 0x1d, 0x14];
        int at = list.AsSpan().IndexOf(number);
        Assert.IsGreaterThan(0, at);
        var parsed = Net.Security.Internal.RevocationList.Parse(list, "whole");
        Assert.AreEqual(1, parsed.Number);
        Assert.IsTrue(parsed.IsSignedBy(Authority.Certificate));

        byte[] partial = MakeCritical(list, at);
        CertificateSourceException exception = Assert.ThrowsExactly<CertificateSourceException>(() => Net.Security.Internal.RevocationList.Parse(partial, "partial"));

        Assert.AreEqual(CertificateFault.RevocationList, exception.Fault);
        Assert.Contains("2.5.29.28", exception.Message);
    }

    // Writes the extension anew as a critical issuing distribution point; all lengths around it grow by the boolean.
    private static byte[] MakeCritical(byte[] list, int at)
    {
        var outer = new System.Formats.Asn1.AsnReader(list, System.Formats.Asn1.AsnEncodingRules.DER);
        System.Formats.Asn1.AsnReader certificateList = outer.ReadSequence();
        System.Formats.Asn1.AsnReader content = certificateList.ReadSequence();
        var writer = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                while (content.PeekTag().TagClass != System.Formats.Asn1.TagClass.ContextSpecific)
                {
                    writer.WriteEncodedValue(content.ReadEncodedValue().Span);
                }

                using (writer.PushSequence(new System.Formats.Asn1.Asn1Tag(System.Formats.Asn1.TagClass.ContextSpecific, 0)))
                using (writer.PushSequence())
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier("2.5.29.28");
                    writer.WriteBoolean(true);
                    writer.WriteOctetString([0x30, 0x00]);
                }
            }

            writer.WriteEncodedValue(certificateList.ReadEncodedValue().Span);
            writer.WriteEncodedValue(certificateList.ReadEncodedValue().Span);
        }

        Assert.IsGreaterThan(at, writer.GetEncodedLength());
        return writer.Encode();
    }
}
