using System.Security.Cryptography.X509Certificates;

namespace Net.IntegrationTests.Setup;

/// <summary>certs/make-certs.sh run again: what it keeps, what it renews and why, and what an interrupted run leaves.</summary>
[TestClass]
public sealed class RenewCertificatesTests
{
    [TestMethod]
    public async Task SecondRun_NothingChanged_KeepsEveryByte()
    {
        using MadeCertificates made = new();
        await made.MakeAsync("--client", "alice", "--name", "api.example");
        SortedDictionary<string, string> before = made.Snapshot();

        ScriptResult second = await made.MakeAsync("--client", "alice", "--name", "API.example", "--name", "0:0::1");

        CollectionAssert.AreEqual(before, made.Snapshot());
        Assert.HasCount(8, second.OutputLines);
        Assert.IsTrue(second.OutputLines.All(line => line.StartsWith("kept ", StringComparison.Ordinal)), second.Everything);
    }

    [TestMethod]
    public async Task SecondRun_NewName_RenewsTheServerAlone()
    {
        using MadeCertificates made = new();
        await made.MakeAsync();
        SortedDictionary<string, string> before = made.Snapshot();

        ScriptResult second = await made.MakeAsync("--name", "api.example");

        AssertChanged(before, made, "server-key.pem", "server.pem");
        StringAssert.Contains(second.Output, "the name api.example was missing in it");
    }

    [TestMethod]
    public async Task Renewal_NamesNotGivenAgain_AreKeptUnlessForced()
    {
        using MadeCertificates made = new();
        await made.MakeAsync("--name", "api.example", "--name", "2001:db8::7");

        await made.MakeAsync("--rsa", "2048");
        string renewedNames = made.DnsNames("server");
        string renewedAddresses = made.Addresses("server");
        await made.MakeAsync("--force");

        Assert.AreEqual("localhost api.example", renewedNames);
        Assert.AreEqual("127.0.0.1 ::1 2001:db8::7", renewedAddresses);
        Assert.AreEqual("localhost", made.DnsNames("server"));
    }

    [TestMethod]
    [DataRow(-1.0, true)]
    [DataRow(0.9, true)]
    [DataRow(2.0, false)]
    public async Task SecondRun_ValidityLeft_DecidesOnRenewal(double daysLeft, bool isRenewed)
    {
        using MadeCertificates made = new();
        await made.MakeAsync();
        DateTimeOffset now = DateTimeOffset.UtcNow;
        made.ReplaceServerCertificate(now.AddDays(-10), now.AddDays(daysLeft));
        SortedDictionary<string, string> before = made.Snapshot();

        ScriptResult second = await made.MakeAsync();

        AssertChanged(before, made, isRenewed ? ["server-key.pem", "server.pem"] : []);
        Assert.AreEqual(isRenewed, second.Output.Contains("it had less than a day left", StringComparison.Ordinal), second.Everything);
        using X509Certificate2 server = made.ReadWithKey("server");
        Assert.IsTrue(server.NotAfter.ToUniversalTime() > now.UtcDateTime.AddDays(1));
    }

    [TestMethod]
    public async Task SecondRun_AuthorityExpired_RenewsEverything()
    {
        using MadeCertificates made = new();
        await made.MakeAsync();
        made.ReplaceAuthorityWithExpiredOne(DateTimeOffset.UtcNow.AddDays(-1));
        SortedDictionary<string, string> before = made.Snapshot();

        await made.MakeAsync();

        AssertChanged(before, made, [.. before.Keys]);
    }

    [TestMethod]
    public async Task SecondRun_KeyOfAnotherCertificate_RenewsThePair()
    {
        using MadeCertificates made = new();
        await made.MakeAsync();
        // What a run leaves that ends between its two renames.
        File.Copy(made.PathOf("client-key.pem"), made.PathOf("server-key.pem"), overwrite: true);

        ScriptResult second = await made.MakeAsync();

        StringAssert.Contains(second.Output, "its key did not fit");
        using X509Certificate2 server = made.ReadWithKey("server");
        Assert.IsTrue(server.HasPrivateKey);
    }

    [TestMethod]
    public async Task SecondRun_SignedByAnotherAuthority_RenewsThePair()
    {
        using MadeCertificates made = new();
        using MadeCertificates other = new();
        await made.MakeAsync();
        await other.MakeAsync();
        File.Copy(other.PathOf("client.pem"), made.PathOf("client.pem"), overwrite: true);
        File.Copy(other.PathOf("client-key.pem"), made.PathOf("client-key.pem"), overwrite: true);
        SortedDictionary<string, string> before = made.Snapshot();

        ScriptResult second = await made.MakeAsync();

        AssertChanged(before, made, "client-key.pem", "client.pem");
        StringAssert.Contains(second.Output, "this authority did not sign it");
    }

    [TestMethod]
    public async Task SecondRun_ClientCertificateInTheServersPlace_IsRenewed()
    {
        using MadeCertificates made = new();
        await made.MakeAsync("--client", "localhost");
        File.Copy(made.PathOf("localhost.pem"), made.PathOf("server.pem"), overwrite: true);
        File.Copy(made.PathOf("localhost-key.pem"), made.PathOf("server-key.pem"), overwrite: true);

        ScriptResult second = await made.MakeAsync();

        StringAssert.Contains(second.Output, "this authority did not sign it for this use");
    }

    [TestMethod]
    public async Task SecondRun_DamagedFiles_AreMadeAgain()
    {
        using MadeCertificates made = new();
        await made.MakeAsync();
        await File.WriteAllTextAsync(made.PathOf("server.pem"), "no certificate");
        await File.WriteAllTextAsync(made.PathOf("client-key.pem"), string.Empty);

        ScriptResult second = await made.MakeAsync();

        StringAssert.Contains(second.Output, "server.pem (it was unreadable)");
        StringAssert.Contains(second.Output, "client.pem (its key was unreadable)");
    }

    [TestMethod]
    public async Task Force_ValidFiles_RenewsLeavesAndKeepsTheAuthority()
    {
        using MadeCertificates made = new();
        await made.MakeAsync();
        SortedDictionary<string, string> before = made.Snapshot();

        await made.MakeAsync("--force");

        AssertChanged(before, made, "client-key.pem", "client.pem", "server-key.pem", "server.pem");
    }

    [TestMethod]
    public async Task ForceCa_ValidFiles_RenewsEverything()
    {
        using MadeCertificates made = new();
        await made.MakeAsync();
        SortedDictionary<string, string> before = made.Snapshot();

        await made.MakeAsync("--force-ca");

        AssertChanged(before, made, [.. before.Keys]);
    }

    [TestMethod]
    public async Task SecondRun_LoosenedPermissions_AreTightened()
    {
        using MadeCertificates made = new();
        await made.MakeAsync();
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const UnixFileMode readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        File.SetUnixFileMode(made.OutputDirectory, readable | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(made.PathOf("ca-key.pem"), readable);
        File.SetUnixFileMode(made.PathOf("server-key.pem"), readable);

        await made.MakeAsync();

        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(made.OutputDirectory));
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(made.PathOf("ca-key.pem")));
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(made.PathOf("server-key.pem")));
    }

    [TestMethod]
    [DataRow("genpkey")]
    [DataRow("req -new")]
    [DataRow("x509 -req")]
    public async Task Force_OpenSslFails_LeavesTheOldFilesAndSaysWhy(string failAt)
    {
        using MadeCertificates made = new();
        await made.MakeAsync();
        SortedDictionary<string, string> before = made.Snapshot();

        ScriptResult result = await made.RunWithFailingOpenSslAsync(failAt, "--force");

        Assert.AreEqual(1, result.ExitCode, result.Everything);
        StringAssert.Contains(result.Error, "the disk is full");
        CollectionAssert.AreEqual(before, made.Snapshot());
        Assert.IsEmpty(Directory.GetDirectories(made.OutputDirectory));
    }

    [TestMethod]
    public async Task FreshRun_SeveralAtOnce_AgreeOnOneSet()
    {
        SetupRequirement.Program("flock");
        using MadeCertificates made = new();
        Directory.CreateDirectory(made.OutputDirectory);

        ScriptResult[] results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => made.MakeAsync()));

        Assert.AreEqual(1, results.Count(result => result.Output.Contains("made ", StringComparison.Ordinal)));
        using X509Certificate2 server = made.ReadWithKey("server");
        Assert.IsTrue(server.HasPrivateKey);
    }

    private static void AssertChanged(SortedDictionary<string, string> before, MadeCertificates made, params string[] expected)
    {
        SortedDictionary<string, string> after = made.Snapshot();
        CollectionAssert.AreEqual(before.Keys, after.Keys);
        CollectionAssert.AreEqual(expected, before.Keys.Where(file => before[file] != after[file]).ToArray());
    }
}
