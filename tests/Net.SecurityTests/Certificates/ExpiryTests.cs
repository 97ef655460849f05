using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Certificates;

/// <summary>The end of every certificate that something rests on is warned of before it comes: leaf, intermediates, and the authorities of peers.</summary>
[TestClass]
public sealed class ExpiryTests : CertificateSourceTest
{
    [TestMethod]
    public async Task Expiries_OfEveryPlace_AreWarnedOfBeforeTheyComeWithTheirMark()
    {
        CertificateSource source = Open(Chain(intermediate: 10, root: 12, below: 13));
        var marks = new List<string>();
        source.Expiring += (_, _) => marks.AddRange(source.Expiries.Select(Describe).Where(mark => !marks.Contains(mark)));

        await LookAsync(source);
        CollectionAssert.AreEqual((string[])["own Intermediate ExpiresSoon 14", "peers' Root ExpiresSoon 14", "peers' Intermediate ExpiresSoon 14"], marks);
        for (int hour = 0; hour < 24 * 13; hour++)
        {
            await LookAsync(source);
        }

        CollectionAssert.AreEqual(
            (string[])
            [
                "own Intermediate ExpiresSoon 14", "peers' Root ExpiresSoon 14", "peers' Intermediate ExpiresSoon 14",
                "own Intermediate ExpiresSoon 7", "peers' Root ExpiresSoon 7", "peers' Intermediate ExpiresSoon 7",
                "own Intermediate ExpiresSoon 1", "own Intermediate Expired 0", "peers' Root ExpiresSoon 1",
                "peers' Root Expired 0", "peers' Intermediate ExpiresSoon 1", "peers' Intermediate Expired 0",
            ],
            marks);
        Assert.IsTrue(Log.Entries.Any(static entry => entry.Event == "ExpiresSoon" && entry.Text.Contains("the trusted root 'CN=Brief root' ends at", StringComparison.Ordinal)));
        Assert.IsTrue(Log.Entries.Any(static entry => entry.Event == "ExpiresSoon" && entry.Text.Contains("the intermediate of this side's certificate 'CN=Brief issuer' ends at", StringComparison.Ordinal)));
        Assert.IsTrue(Log.Entries.Any(static entry => entry.Event == "IsExpired" && entry.Text.Contains("'CN=Brief issuer' ended at", StringComparison.Ordinal)));
        Assert.AreEqual(0, Log.Entries.Count(static entry => entry.Event == "IsExpired" && entry.Text.Contains("root", StringComparison.Ordinal)), "What ends for peers is no error of this side.");
        Assert.IsGreaterThan(0, Log.Count("AuthorityIsExpired"));
    }

    [TestMethod]
    public async Task Expiries_PassingAMark_AreToldWithinALookAndNotWithTheNextDay()
    {
        Files.ReplacePair("server", Authority.IssueServer(Time.GetUtcNow().AddHours(30)));
        CertificateSource source = Open(Options with { PollInterval = TimeSpan.FromHours(1) });
        await LookAsync(source);
        Assert.AreEqual(TimeSpan.FromDays(7), source.Expiries.Single().Threshold);

        for (int hour = 1; hour < 5; hour++)
        {
            await LookAsync(source);
        }

        Assert.AreEqual(TimeSpan.FromDays(7), source.Expiries.Single().Threshold);
        await LookAsync(source);
        Assert.AreEqual(TimeSpan.FromDays(1), source.Expiries.Single().Threshold);
        for (int hour = 6; hour < 30; hour++)
        {
            await LookAsync(source);
        }

        Assert.AreEqual((CertificateExpiryKind.Expired, TimeSpan.Zero), (source.Expiries.Single().Kind, source.Expiries.Single().Threshold));
        Assert.AreEqual(2, Log.Count("ExpiresSoon"), "Once for each mark: the first day was not over at the second.");
        Assert.AreEqual(1, Log.Count("IsExpired"));
    }

    [TestMethod]
    public void Metric_TellsTheDaysOfEveryPlace()
    {
        string name = $"expiry-{Guid.NewGuid():N}";
        using var listener = new MeterListener();
        var days = new List<string>();
        listener.InstrumentPublished = static (instrument, l) =>
        {
            if (instrument.Name == "security.certificate.time_to_expiry")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
        {
            if (tags[0].Value as string == name)
            {
                days.Add(string.Join(' ', tags[1..].ToArray().Select(static tag => $"{tag.Key}={tag.Value}").Append($"{Math.Round(value):0}")));
            }
        });
        listener.Start();
        Open(Chain(intermediate: 10, root: 12, below: 13) with { Name = name });

        listener.RecordObservableInstruments();

        string far = $"{Math.Round((TestAuthority.End - Time.GetUtcNow()).TotalDays):0}";
        CollectionAssert.AreEquivalent(
            (string[])
            [
                $"security.certificate.role=leaf security.identity=0 {far}", "security.certificate.role=intermediate security.identity=0 10",
                $"security.certificate.role=root security.trust=0 {far}", "security.certificate.role=root security.trust=1 12", "security.certificate.role=intermediate security.trust=0 13",
            ],
            days);
    }

    [TestMethod]
    public async Task Expiries_OfARootGivenAsIssuer_AreWarnedOfCountedAndNotTakenForThePeers()
    {
        string name = $"expiry-{Guid.NewGuid():N}";
        TestAuthority issuer = new("Brief issuing root", Time.GetUtcNow().AddDays(10));
        X509Certificate2 leaf = issuer.IssueServer(Time.GetUtcNow().AddDays(9));
        Files.Replace("server.pem", CertificateDirectory.Pem(leaf));
        Files.Replace("server-key.pem", CertificateDirectory.KeyPem(leaf));
        Files.Replace("issuers.pem", issuer.Pem + Authority.Pem);
        CertificateSource source = Open(Options with { Name = name, PollInterval = TimeSpan.FromHours(1), IssuerFiles = [Files["issuers.pem"]] });
        using var listener = new MeterListener();
        List<double> days = [];
        listener.InstrumentPublished = static (instrument, l) =>
        {
            if (instrument.Name == "security.certificate.time_to_expiry")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
        {
            if (tags[0].Value as string == name && tags[2].Key == "security.issuer")
            {
                days.Add(Math.Round(value));
            }
        });
        listener.Start();

        listener.RecordObservableInstruments();
        await LookAsync(source);
        CertificateExpiry soon = source.Expiries.Single(static expiry => expiry.IsIssuer);
        for (int hour = 0; hour < 24 * 10; hour++)
        {
            await LookAsync(source);
        }

        CollectionAssert.AreEqual((double[])[10, Math.Round((TestAuthority.End - Time.GetUtcNow().AddHours(-241)).TotalDays)], days);
        Assert.AreEqual("CN=Brief issuing root Root ExpiresSoon False 14", $"{soon.Name} {soon.Position} {soon.Kind} {soon.IsPeerAuthority} {soon.Threshold.TotalDays}");
        Assert.AreEqual(CertificateExpiryKind.Expired, source.Expiries.Single(static expiry => expiry.IsIssuer).Kind);
        Assert.IsTrue(Log.Entries.Any(static entry => entry.Event == "ExpiresSoon" && entry.Text.Contains("authority among the issuer files 'CN=Brief issuing root' ends at", StringComparison.Ordinal)));
        Assert.IsTrue(Log.Entries.Any(static entry => entry.Event == "IssuerIsExpired" && entry.Text.Contains("peers that know no other refuse this side's certificate", StringComparison.Ordinal)));
        Assert.AreEqual(0, Log.Count("AuthorityIsExpired"), "It is no authority of peers.");
    }

    private static string Describe(CertificateExpiry expiry) => $"{(expiry.IsPeerAuthority ? "peers'" : "own")} {expiry.Position} {expiry.Kind} {expiry.Threshold.TotalDays:0}";

    /// <summary>A leaf that lasts, below an intermediate that does not; a trust of a root that lasts, one that does not, and an intermediate; each ends that many days from now.</summary>
    private CertificateSourceOptions Chain(int intermediate, int root, int below)
    {
        TestAuthority issuer = Authority.CreateIntermediate("Brief issuer", notAfter: Time.GetUtcNow().AddDays(intermediate));
        TestAuthority other = new("Brief root", Time.GetUtcNow().AddDays(root));
        X509Certificate2 leaf = issuer.IssueServer();
        Files.Replace("server.pem", CertificateDirectory.Pem(leaf) + issuer.Pem);
        Files.Replace("server-key.pem", CertificateDirectory.KeyPem(leaf));
        Files.Replace("ca.pem", Authority.Pem + other.Pem + other.CreateIntermediate("Brief below", notAfter: Time.GetUtcNow().AddDays(below)).Pem);
        return Options with { PollInterval = TimeSpan.FromHours(1) };
    }
}
