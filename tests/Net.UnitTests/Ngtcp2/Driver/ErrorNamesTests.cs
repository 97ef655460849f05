using System.Reflection;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Names of alerts and transport errors.</summary>
[TestClass]
public sealed class ErrorNamesTests
{
    // RFC 8446, section 6.2; the alerts that speak of a certificate are a rejected certificate.
    [TestMethod]
    [DataRow(10, "unexpected_message", false)]
    [DataRow(40, "handshake_failure", false)]
    [DataRow(42, "bad_certificate", true)]
    [DataRow(43, "unsupported_certificate", true)]
    [DataRow(44, "certificate_revoked", true)]
    [DataRow(45, "certificate_expired", true)]
    [DataRow(46, "certificate_unknown", true)]
    [DataRow(47, "illegal_parameter", false)]
    [DataRow(48, "unknown_ca", true)]
    [DataRow(49, "access_denied", true)]
    [DataRow(50, "decode_error", false)]
    [DataRow(51, "decrypt_error", false)]
    [DataRow(70, "protocol_version", false)]
    [DataRow(80, "internal_error", false)]
    [DataRow(109, "missing_extension", false)]
    [DataRow(112, "unrecognized_name", false)]
    [DataRow(113, "bad_certificate_status_response", true)]
    [DataRow(115, "unknown_psk_identity", false)]
    [DataRow(116, "certificate_required", true)]
    [DataRow(120, "no_application_protocol", false)]
    public void TlsAlert_OfTheStandard_HasItsNameAndMeaning(int alert, string name, bool isCertificate)
    {
        Assert.AreEqual($"{name} ({alert})", TlsAlerts.Describe((byte)alert));
        Assert.AreEqual(isCertificate ? TransportError.CertificateRejected : TransportError.ConnectFailed, TlsAlerts.ToError((byte)alert));
    }

    [TestMethod]
    public void TlsAlert_OfEachRefusalOfAPolicy_IsACertificateRejected()
    {
        foreach (CertificateRefusal refusal in Enum.GetValues<CertificateRefusal>().Where(static r => r != CertificateRefusal.None))
        {
            byte alert = PeerCertificateVerdict.Refused(refusal, "no").Alert;
            Assert.AreEqual(TransportError.CertificateRejected, TlsAlerts.ToError(alert), $"{refusal}");
            Assert.DoesNotContain("TLS alert", TlsAlerts.Describe(alert));
        }
    }

    [TestMethod]
    public void TlsAlert_Unknown_IsNamedByItsNumber() => Assert.AreEqual("TLS alert 255", TlsAlerts.Describe(255));

    [TestMethod]
    public void TransportError_OfEachConstantOfTheLibrary_HasItsName()
    {
        FieldInfo[] codes = [.. typeof(Ngtcp2Native).GetFields(BindingFlags.Static | BindingFlags.NonPublic)
            .Where(static f => f is { IsLiteral: true } && f.FieldType == typeof(ulong) && !f.Name.Contains("CRYPTO_ERROR", StringComparison.Ordinal)
                && (ulong)f.GetRawConstantValue()! <= 0x11 && !f.Name.EndsWith("SECONDS", StringComparison.Ordinal))];
        Assert.IsGreaterThanOrEqualTo(16, codes.Length);
        foreach (FieldInfo code in codes)
        {
            Assert.AreEqual(code.Name["NGTCP2_".Length..], TransportErrorNames.Describe((ulong)code.GetRawConstantValue()!));
        }
    }

    [TestMethod]
    public void TransportError_Unknown_IsNamedByItsNumber() => Assert.AreEqual("transport error 0xabc", TransportErrorNames.Describe(0xabc));
}
