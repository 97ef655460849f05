using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Net.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Interop;

[TestClass]
public sealed unsafe class NativeHandleTests
{
    private const gnutls_init_flags_t Server = gnutls_init_flags_t.GNUTLS_SERVER | gnutls_init_flags_t.GNUTLS_NO_SIGNAL;

    [TestInitialize]
    public void RequireLibraries() => NativeRequirement.Libraries();

    [TestMethod]
    public void Dispose_OfCredentialsInUse_WaitsForTheSession()
    {
        using var session = GnuTlsSessionHandle.Create(Server);
        var first = GnuTlsCredentialsHandle.Create();
        var second = GnuTlsCredentialsHandle.Create();
        session.SetCredentials(first);
        session.SetCredentials(second);
        first.Dispose();
        second.Dispose();
        Assert.IsFalse(first.IsClosed);
        Assert.IsFalse(second.IsClosed);
        session.Dispose();
        Assert.IsTrue(first.IsClosed);
        Assert.IsTrue(second.IsClosed);
    }

    [TestMethod]
    public void Dispose_OfTheAntiReplayGuardInUse_WaitsForTheSession()
    {
        using var session = GnuTlsSessionHandle.Create(Server);
        var guard = GnuTlsAntiReplayHandle.Create(10_000, &NeverSeen, null);
        session.EnableAntiReplay(guard);
        guard.Dispose();
        Assert.IsFalse(guard.IsClosed);
        session.Dispose();
        Assert.IsTrue(guard.IsClosed);
    }

    [TestMethod]
    public void Dispose_OfThePriorityInUse_LeavesTheSessionUsable()
    {
        using var session = GnuTlsSessionHandle.Create(Server);
        using (var priority = GnuTlsPriorityHandle.Parse("NORMAL:-VERS-ALL:+VERS-TLS1.3"))
        {
            session.SetPriority(priority);
        }

        Assert.IsFalse(session.IsClosed);
        using var other = GnuTlsPriorityHandle.Parse("NORMAL");
        session.SetPriority(other);
    }

    [TestMethod]
    public void SetCredentials_ThatAreClosed_Throws()
    {
        using var session = GnuTlsSessionHandle.Create(Server);
        var credentials = GnuTlsCredentialsHandle.Create();
        credentials.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => session.SetCredentials(credentials));
    }

    [TestMethod]
    public void Parse_AnUnknownWord_SaysFromWhereOnItIsWrong()
    {
        var exception = Assert.ThrowsExactly<GnuTlsException>(static () => GnuTlsPriorityHandle.Parse("NORMAL:+NO-SUCH-CIPHER"));
        Assert.AreEqual(GnuTlsNative.GNUTLS_E_INVALID_REQUEST, exception.Code);
        Assert.Contains("NO-SUCH-CIPHER' on", exception.Message);
    }

    [TestMethod]
    public void AddKeyPair_ThatBelongsTogether_IsTaken()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var credentials = GnuTlsCredentialsHandle.Create();
        credentials.AddKeyPair(
            Pem(Certificate(key).ExportCertificatePem()), Pem(key.ExportPkcs8PrivateKeyPem()), gnutls_x509_crt_fmt_t.GNUTLS_X509_FMT_PEM);
        Assert.AreEqual(1, credentials.AddTrust(Certificate(key).RawData, gnutls_x509_crt_fmt_t.GNUTLS_X509_FMT_DER));
    }

    [TestMethod]
    public void AddKeyPair_ThatDoesNotBelongTogether_IsRefused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var credentials = GnuTlsCredentialsHandle.Create();
        var chain = Pem(Certificate(key).ExportCertificatePem());
        var wrong = Pem(other.ExportPkcs8PrivateKeyPem());
        var exception = Assert.ThrowsExactly<GnuTlsException>(
            () => credentials.AddKeyPair(chain, wrong, gnutls_x509_crt_fmt_t.GNUTLS_X509_FMT_PEM));
        Assert.AreEqual(GnuTlsNative.GNUTLS_E_CERTIFICATE_KEY_MISMATCH, exception.Code);
    }

    [TestMethod]
    public void Generate_TicketKeys_AreRandomAndTaken()
    {
        using var session = GnuTlsSessionHandle.Create(Server);
        using var first = GnuTlsTicketKey.Generate();
        using var second = GnuTlsTicketKey.Generate();
        session.EnableTickets(first);
        Assert.IsFalse(Bytes(first).SequenceEqual(Bytes(second)));
        Assert.IsFalse(Bytes(first).IndexOfAnyExcept((byte)0) < 0);
    }

    [TestMethod]
    public void FromBytes_OfATicketKey_CopiesExactly64Bytes()
    {
        var bytes = Enumerable.Range(0, 64).Select(static value => (byte)value).ToArray();
        using var key = GnuTlsTicketKey.FromBytes(bytes);
        Assert.IsTrue(Bytes(key).SequenceEqual(bytes));
        Assert.ThrowsExactly<ArgumentException>(() => GnuTlsTicketKey.FromBytes(bytes.AsSpan(1)));
    }

    [TestMethod]
    public void Free_OfMemoryGivenAway_TakesItAndNull()
    {
        gnutls_datum_t key;
        Assert.AreEqual(0, GnuTlsNative.gnutls_session_ticket_key_generate(&key));
        GnuTlsNative.gnutls_free(key.data);
        GnuTlsNative.gnutls_free(null);
    }

    [TestMethod]
    [DoNotParallelize]
    public void Create_ThousandsOfSessions_GivesTheirMemoryBack()
    {
        using var credentials = GnuTlsCredentialsHandle.Create();
        using var priority = GnuTlsPriorityHandle.Parse("NORMAL");
        using var key = GnuTlsTicketKey.Generate();
        MakeSessions(200);

        // A leak of the sessions alone would be more than 30 MB in each round. What the runtime takes meanwhile, as for compiling, stands in some only.
        const long Tolerance = 8 << 20;
        long least = long.MaxValue;
        for (var round = 0; round < 5 && least >= Tolerance; round++)
        {
            var before = ResidentBytes();
            MakeSessions(4000);
            least = Math.Min(least, ResidentBytes() - before);
        }

        Assert.IsLessThan(Tolerance, least);

        void MakeSessions(int count)
        {
            for (var i = 0; i < count; i++)
            {
                using var session = GnuTlsSessionHandle.Create(Server);
                session.SetPriority(priority);
                session.SetCredentials(credentials);
                session.EnableTickets(key);
            }
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static int NeverSeen(void* state, long expiry, gnutls_datum_t* key, gnutls_datum_t* data) => 0;

    private static X509Certificate2 Certificate(ECDsa key) =>
        new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private static byte[] Pem(string text) => Encoding.ASCII.GetBytes(text);

    private static ReadOnlySpan<byte> Bytes(GnuTlsTicketKey key)
    {
        var datum = key.ToDatum();
        return new ReadOnlySpan<byte>(datum.data, (int)datum.size);
    }

    private static long ResidentBytes() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], null) * Environment.SystemPageSize;
}
