using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Certificates;

/// <summary>What tests of sources share: a directory with a server's pair and an authority, a clock that stands still, and what was logged.</summary>
public abstract class CertificateSourceTest
{
    private static readonly Lazy<TestAuthority> SharedAuthority = new(() => new TestAuthority());

    private readonly List<CertificateSource> _owned = [];

    internal static TestAuthority Authority => SharedAuthority.Value;

    internal CertificateDirectory Files { get; } = new();

    internal ManualTimeProvider Time { get; } = new();

    internal RecordedLog Log { get; } = new();

    internal X509Certificate2 First { get; private set; } = null!;

    [TestInitialize]
    public void WriteFirstPair()
    {
        First = Authority.IssueServer();
        Files.ReplacePair("server", First);
        Files.Replace("ca.pem", Authority.Pem);
    }

    [TestCleanup]
    public async Task DisposeOwnedAsync()
    {
        foreach (CertificateSource source in _owned)
        {
            await source.DisposeAsync().WithTimeout();
        }

        Files.Dispose();
    }

    internal CertificateSourceOptions Options => new()
    {
        Identities = [IdentityInput.FromPemFiles(Files["server.pem"], Files["server-key.pem"])],
        TrustFiles = [Files["ca.pem"]],
        ClientCertificateMode = ClientCertificateMode.Required,
        TimeProvider = Time,
        LoggerFactory = Log,
    };

    internal CertificateSource Open(CertificateSourceOptions? options = null) => Own(CertificateSource.Open(options ?? Options));

    internal CertificateSource Own(CertificateSource source)
    {
        _owned.Add(source);
        return source;
    }

    /// <summary>Lets one poll interval pass and waits until the source has looked.</summary>
    internal async Task LookAsync(CertificateSource source)
    {
        var looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Handle() => looked.TrySetResult();

        source.Looked += Handle;
        Time.Advance(source.Options.PollInterval);
        await looked.Task.WithTimeout();
        source.Looked -= Handle;
    }

    /// <summary>Lets more time pass than until the next look. A look that began on the way may have met an earlier time; it is over then, and those that follow find the time as it is.</summary>
    internal async Task PassAsync(CertificateSource source, TimeSpan time)
    {
        Time.Advance(time);
        await LookAsync(source);
    }

    /// <summary>Opening must fail.</summary>
    internal CertificateSourceException OpenFails(CertificateFault fault, CertificateSourceOptions? options = null)
    {
        CertificateSourceException exception = Assert.ThrowsExactly<CertificateSourceException>(() => Open(options));
        Assert.AreEqual(fault, exception.Fault, exception.Message);
        return exception;
    }

    /// <summary>A reload must be refused, and what was in use must stay.</summary>
    internal static async Task<CertificateSourceException> ReloadIsRefusedAsync(CertificateSource source, CertificateFault fault)
    {
        TlsSnapshot before = source.Current;
        CertificateReload reload = await source.ReloadAsync().WithTimeout();
        Assert.AreEqual(ReloadOutcome.Refused, reload.Outcome);
        Assert.AreEqual(fault, reload.Refusal!.Fault, reload.Refusal.Message);
        Assert.AreSame(before, source.Current);
        return reload.Refusal;
    }

    internal static async Task<TlsSnapshot> ReloadIsAppliedAsync(CertificateSource source)
    {
        long before = source.Current.Generation;
        CertificateReload reload = await source.ReloadAsync().WithTimeout();
        Assert.AreEqual(ReloadOutcome.Applied, reload.Outcome, reload.Refusal?.Message);
        Assert.AreEqual(before + 1, source.Current.Generation);
        return source.Current;
    }

    internal static string Serial(CertificateSource source) => source.Current.Identities[0].Certificate.SerialNumber;

    internal static ClientHello Hello(string? name) => new(name, new IPEndPoint(IPAddress.Loopback, 1));

    internal PeerCertificateVerdict Judge(CertificateSource source, X509Certificate2 client, params X509Certificate2[] intermediates) => source.Current.Trust!.Evaluate(new PeerCertificateContext
    {
        Chain = [client.RawDataMemory, .. intermediates.Select(static certificate => certificate.RawDataMemory)],
        IsServerCertificate = false,
        Now = Time.GetUtcNow(),
    });
}
