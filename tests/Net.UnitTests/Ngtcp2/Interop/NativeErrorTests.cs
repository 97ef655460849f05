using System.Runtime.InteropServices;
using Net.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Interop;

[TestClass]
public sealed unsafe class NativeErrorTests
{
    [TestMethod]
    public void Describe_EveryDeclaredCodeOfNgtcp2_HasItsNameAndWords()
    {
        var codes = ManagedLayout.Constants.Where(static constant => constant.Name.StartsWith("NGTCP2_ERR_", StringComparison.Ordinal)).ToArray();
        Assert.HasCount(41, codes);
        foreach (var (name, value) in codes)
        {
            Assert.AreEqual(name, Ngtcp2Errors.GetName((int)value));
            Assert.MatchesRegex($@"^{name} \({value}\): [a-zA-Z].+\.$", Ngtcp2Errors.Describe((int)value));
        }
    }

    [TestMethod]
    public void GetName_OfEveryCode_IsTheNameTheLibraryHas()
    {
        NativeRequirement.Libraries();
        for (var code = -600; code < 0; code++)
        {
            var native = Marshal.PtrToStringUTF8((nint)Ngtcp2Native.ngtcp2_strerror(code));
            if (native != "(unknown)")
            {
                Assert.AreEqual("NGTCP2_" + native, Ngtcp2Errors.GetName(code));
            }
        }
    }

    [TestMethod]
    public void Describe_AnUnknownCodeOfNgtcp2_GivesTheNumber() =>
        Assert.AreEqual("unknown ngtcp2 error (-9999).", Ngtcp2Errors.Describe(-9999));

    [TestMethod]
    public void ThrowIfError_OfNgtcp2_ThrowsBelowZeroOnly()
    {
        Assert.AreEqual(7, Ngtcp2Exception.ThrowIfError(7, "f"));
        var exception = Assert.ThrowsExactly<Ngtcp2Exception>(
            static () => Ngtcp2Exception.ThrowIfError(Ngtcp2Native.NGTCP2_ERR_CLOSING, "ngtcp2_conn_read_pkt"));
        Assert.AreEqual(Ngtcp2Native.NGTCP2_ERR_CLOSING, exception.Code);
        Assert.AreEqual("ngtcp2_conn_read_pkt", exception.Function);
        Assert.AreEqual("ngtcp2_conn_read_pkt failed: NGTCP2_ERR_CLOSING (-223): the connection is closing.", exception.Message);
    }

    [TestMethod]
    public void ThrowIfError_OfGnuTls_NamesFunctionErrorAndReason()
    {
        NativeRequirement.Libraries();
        Assert.AreEqual(0, GnuTlsException.ThrowIfError(0, "f"));
        var exception = Assert.ThrowsExactly<GnuTlsException>(
            static () => GnuTlsException.ThrowIfError(GnuTlsNative.GNUTLS_E_CERTIFICATE_REQUIRED, "gnutls_handshake"));
        Assert.AreEqual(GnuTlsNative.GNUTLS_E_CERTIFICATE_REQUIRED, exception.Code);
        Assert.StartsWith("gnutls_handshake failed: GNUTLS_E_CERTIFICATE_REQUIRED (-112): ", exception.Message);
    }

    [TestMethod]
    public void Describe_AnUnknownCodeOfGnuTls_GivesTheNumber()
    {
        NativeRequirement.Libraries();
        Assert.Contains("(-9999)", GnuTlsException.Describe(-9999));
    }

    [TestMethod]
    public void DescribeAlert_KnownAndUnknown_GivesTheNumber()
    {
        NativeRequirement.Libraries();
        Assert.AreEqual("Certificate is required (TLS alert 116)", GnuTlsException.DescribeAlert(116));
        Assert.AreEqual("unknown alert (TLS alert 250)", GnuTlsException.DescribeAlert(250));
    }
}
