using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Certificates;

/// <summary>Files that change under a source, in virtual time.</summary>
[TestClass]
public sealed class WatchTests : CertificateSourceTest
{
    [TestMethod]
    public async Task Watch_PairReplacedByRename_GoesLiveWithinTwoLooks()
    {
        CertificateSource source = Open();
        X509Certificate2 second = Authority.IssueServer();
        Files.ReplacePair("server", second);

        await LookAsync(source);
        Assert.AreEqual(First.SerialNumber, Serial(source), "Content that is seen for the first time may still be written.");
        await LookAsync(source);

        Assert.AreEqual(second.SerialNumber, Serial(source));
        Assert.IsTrue(2 * source.Options.PollInterval < TimeSpan.FromSeconds(1), "The promise is a second.");
    }

    [TestMethod]
    public async Task Watch_KeyFirstAndCertificateMuchLater_RaisesNoAlarmAndGoesLive()
    {
        CertificateSource source = Open();
        X509Certificate2 second = Authority.IssueServer();
        Files.Replace("server-key.pem", CertificateDirectory.KeyPem(second));
        await LookAsync(source);
        await LookAsync(source);
        await LookAsync(source);
        Assert.AreEqual(First.SerialNumber, Serial(source));

        Files.Replace("server.pem", CertificateDirectory.Pem(second));
        await LookAsync(source);
        await LookAsync(source);

        Assert.AreEqual(second.SerialNumber, Serial(source));
        Assert.AreEqual(0, Log.Count("Refused"));
    }

    [TestMethod]
    public async Task Watch_WrittenInPlaceByteByByte_NeverShowsHalf()
    {
        TestAuthority intermediate = Authority.CreateIntermediate();
        X509Certificate2 second = intermediate.IssueServer();
        string text = CertificateDirectory.Pem(second, intermediate.Certificate);
        CertificateSource source = Open();
        int endOfLeaf = text.IndexOf("-----BEGIN", 1, StringComparison.Ordinal);
        File.WriteAllText(Files["server-key.pem"], CertificateDirectory.KeyPem(second));

        // At the end of the leaf the file is a good pair by itself, but one without its intermediate.
        foreach (int length in new[] { 0, 10, endOfLeaf / 2, endOfLeaf, endOfLeaf + 30, text.Length - 5, text.Length })
        {
            File.WriteAllText(Files["server.pem"], text[..length]);
            await LookAsync(source);
            Assert.AreEqual(1, source.Current.Generation, $"{length} of {text.Length} characters were written.");
        }

        await LookAsync(source);

        Assert.AreEqual(second.SerialNumber, Serial(source));
        Assert.HasCount(1, source.Current.Identities[0].Intermediates);
        Assert.AreEqual(0, Log.Count("Refused"));
    }

    [TestMethod]
    public async Task Watch_LinkSetAnewAsKubernetesDoes_GoesLiveAsOnePair()
    {
        Mount("..2026_01", First);
        File.CreateSymbolicLink(Files["..data"], "..2026_01");
        foreach (string name in new[] { "tls.crt", "tls.key", "ca.crt" })
        {
            File.CreateSymbolicLink(Files[name], Path.Combine("..data", name));
        }

        CertificateSource source = Open(Options with
        {
            Identities = [IdentityInput.FromPemFiles("tls.crt", "tls.key")],
            TrustFiles = ["ca.crt"],
            BaseDirectory = Files.Path,
        });
        X509Certificate2 second = Authority.IssueServer();
        Mount("..2026_02", second);
        File.CreateSymbolicLink(Files["..data_tmp"], "..2026_02");
        using (Process rename = Process.Start("mv", ["-T", Files["..data_tmp"], Files["..data"]]))
        {
            await rename.WaitForExitAsync();
        }

        Directory.Delete(Files["..2026_01"], recursive: true);

        await LookAsync(source);
        await LookAsync(source);

        Assert.AreEqual(second.SerialNumber, Serial(source));
        Assert.AreEqual(0, Log.Count("Refused"));
    }

    [TestMethod]
    public async Task Watch_BadPairThatStays_IsSaidOnceAndForgottenWhenMended()
    {
        CertificateSource source = Open();
        X509Certificate2 second = Authority.IssueServer();
        Files.Replace("server.pem", CertificateDirectory.Pem(second));
        for (int i = 0; i < 20; i++)
        {
            await LookAsync(source);
        }

        Assert.AreEqual(1, Log.Count("Refused"));
        Assert.AreEqual(First.SerialNumber, Serial(source));

        Files.Replace("server.pem", CertificateDirectory.Pem(First));
        await LookAsync(source);
        Assert.AreEqual(1, Log.Count("Recovered"));
        Assert.AreEqual(1, source.Current.Generation);

        Files.ReplacePair("server", second);
        await LookAsync(source);
        await LookAsync(source);
        Assert.AreEqual(second.SerialNumber, Serial(source));
    }

    [TestMethod]
    public async Task Watch_CertificateThatBecomesValid_GoesLiveByItself()
    {
        CertificateSource source = Open();
        X509Certificate2 second = Authority.Issue("server", TestAuthority.ServerUsage, ["localhost", "127.0.0.1"], notBefore: Time.GetUtcNow().AddMinutes(5));
        Files.ReplacePair("server", second);
        for (int i = 0; i < 8; i++)
        {
            await LookAsync(source);
        }

        Assert.AreEqual(1, Log.Count("Refused"));
        await PassAsync(source, TimeSpan.FromMinutes(6));
        await LookAsync(source);

        Assert.AreEqual(second.SerialNumber, Serial(source));
    }

    [TestMethod]
    public async Task Watch_LargeFile_IsReadAgainThoughItsTimeStampStays()
    {
        // More than is read at each look.
        string padding = new('#', 100_000);
        Files.Replace("ca.pem", Authority.Pem + padding);
        CertificateSource source = Open();
        DateTime written = File.GetLastWriteTimeUtc(Files["ca.pem"]);
        string other = new TestAuthority("Other rt!").Pem;
        File.WriteAllText(Files["ca.pem"], (other + padding).PadRight((int)new FileInfo(Files["ca.pem"]).Length, '#')[..(int)new FileInfo(Files["ca.pem"]).Length]);
        File.SetLastWriteTimeUtc(Files["ca.pem"], written);
        await LookAsync(source);
        await LookAsync(source);
        Assert.AreEqual(1, source.Current.Trust!.Generation, "The stamp says that nothing changed.");

        await PassAsync(source, TimeSpan.FromSeconds(10));
        await LookAsync(source);
        await LookAsync(source);

        Assert.AreEqual(2, source.Current.Trust!.Generation);
    }

    [TestMethod]
    public async Task Watch_NearTheEnd_WarnsOnceADayAndThenSaysThatItIsOver()
    {
        Files.ReplacePair("server", Authority.IssueServer(Time.GetUtcNow().AddDays(20)));
        CertificateSource source = Open(Options with { PollInterval = TimeSpan.FromHours(1) });
        await LookForDaysAsync(source, 5);
        Assert.AreEqual(0, Log.Count("ExpiresSoon"));
        await LookForDaysAsync(source, 1);
        Assert.AreEqual(1, Log.Count("ExpiresSoon"));
        await LookForDaysAsync(source, 2);
        Assert.AreEqual(3, Log.Count("ExpiresSoon"));
        await LookForDaysAsync(source, 12);

        Assert.AreEqual(14, Log.Count("ExpiresSoon"));
        Assert.AreEqual(1, Log.Count("IsExpired"));
    }

    [TestMethod]
    public async Task Expiring_CertificateAndList_AreToldWithEachWarningAndNoMoreOnceRenewed()
    {
        DateTimeOffset end = Time.GetUtcNow().AddDays(10);
        X509Certificate2 brief = Authority.IssueServer(end);
        Files.ReplacePair("server", brief);
        Files.Replace("ca.crl", TestAuthority.ListPem(Authority.CreateList(1, Time.GetUtcNow().AddDays(-1), Time.GetUtcNow().AddDays(9), [])));
        CertificateSource source = Open(Options with { PollInterval = TimeSpan.FromHours(1), RevocationListFiles = [Files["ca.crl"]] });
        List<IReadOnlyList<CertificateExpiry>> told = [];
        source.Expiring += (sender, _) => told.Add(((CertificateSource)sender!).Expiries);
        Assert.IsEmpty(source.Expiries);

        await LookAsync(source);
        var soon = new CertificateExpiry(CertificateExpiryKind.ExpiresSoon, brief.Subject, brief.SerialNumber, end.AddTicks(-(end.Ticks % TimeSpan.TicksPerSecond)))
        {
            Position = ChainPosition.Leaf, Threshold = source.Options.ExpiryWarning,
        };
        Assert.AreEqual(soon, told.Single().Single());
        await LookForDaysAsync(source, 10);

        Assert.HasCount(11, told);
        Assert.AreEqual("Expired, ListIsOverdue", string.Join(", ", source.Expiries.Select(static e => e.Kind)));
        Assert.IsNull(source.Expiries[1].SerialNumber);
        Files.ReplacePair("server", Authority.IssueServer(Time.GetUtcNow().AddDays(100)));
        Files.Replace("ca.crl", TestAuthority.ListPem(Authority.CreateList(2, Time.GetUtcNow().AddDays(-1), Time.GetUtcNow().AddDays(9), [])));
        await LookAsync(source);
        await LookAsync(source);
        Assert.AreEqual(2, source.Current.Generation);
        Assert.IsEmpty(source.Expiries);
        Assert.HasCount(11, told);
    }

    [TestMethod]
    public async Task Metrics_OfASource_TellDaysAndReloads()
    {
        string name = $"metrics-{Guid.NewGuid():N}";
        Files.ReplacePair("server", Authority.IssueServer(Time.GetUtcNow().AddDays(30)));
        using var listener = new MeterListener();
        var days = new List<(string Where, double Left)>();
        var outcomes = new List<string>();
        listener.InstrumentPublished = static (instrument, l) =>
        {
            if (instrument.Meter.Name == CertificateDiagnostics.SourceName)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => 
        {
            string where = string.Join(' ', tags.ToArray().Skip(1).Select(static tag => $"{tag.Key}={tag.Value}"));
            Record(tags, () => days.Add((where, value)));
        });
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => 
        {
            string outcome = string.Join(' ', tags.ToArray().Skip(1).Select(static tag => tag.Value));
            Record(tags, () => outcomes.Add(outcome));
        });
        listener.Start();
        CertificateSource source = Open(Options with { Name = name, PollInterval = TimeSpan.FromHours(1) });
        await LookForDaysAsync(source, 10);

        listener.RecordObservableInstruments();
        Files.Replace("server.pem", CertificateDirectory.Pem(First));
        await ReloadIsRefusedAsync(source, CertificateFault.KeyMismatch);
        Files.ReplacePair("server", First);
        await ReloadIsAppliedAsync(source);

        Assert.AreEqual(20, days.Single(static one => one.Where == "security.certificate.role=leaf security.identity=0").Left, 0.01);
        CollectionAssert.AreEqual((string[])["refused KeyMismatch", "applied"], outcomes);
        await source.DisposeAsync();
        days.Clear();
        listener.RecordObservableInstruments();
        Assert.IsEmpty(days, "A source that is gone is not measured.");

        void Record(ReadOnlySpan<KeyValuePair<string, object?>> tags, Action record)
        {
            if (tags[0].Value as string == name)
            {
                record();
            }
        }
    }

    [TestMethod]
    public async Task Dispose_Twice_EndsTheWatchAndKeepsTheSnapshot()
    {
        CertificateSource source = Open();
        await source.DisposeAsync().WithTimeout();
        await source.DisposeAsync().WithTimeout();

        Assert.AreEqual(0, Time.ActiveTimers);
        Assert.IsNotNull(source.ServerSelector(Hello(null)));
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => source.ReloadAsync());
    }

    private async Task LookForDaysAsync(CertificateSource source, int days)
    {
        for (int hour = 0; hour < 24 * days; hour++)
        {
            await LookAsync(source);
        }
    }

    private void Mount(string directory, X509Certificate2 certificate)
    {
        Directory.CreateDirectory(Files[directory]);
        File.WriteAllText(Path.Combine(Files[directory], "tls.crt"), CertificateDirectory.Pem(certificate));
        File.WriteAllText(Path.Combine(Files[directory], "tls.key"), CertificateDirectory.KeyPem(certificate));
        File.WriteAllText(Path.Combine(Files[directory], "ca.crt"), Authority.Pem);
    }
}
