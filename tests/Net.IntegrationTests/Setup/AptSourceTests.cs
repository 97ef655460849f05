namespace Net.IntegrationTests.Setup;

/// <summary>How native.sh derives the backports source of Debian 12 from the machine's own apt sources, in both formats apt reads.</summary>
[TestClass]
public sealed class AptSourceTests
{
    [TestMethod]
    public async Task PrintSource_Deb822_CopiesPlaceAndKey()
    {
        string source = await PrintAsync("sources.list.d/debian.sources", """
            # Comments may stand anywhere
            Types: deb
            URIs: http://security.example/debian-security
            Suites: bookworm-security
            Components: main
            Signed-By: /keys/security.gpg

            Types: deb deb-src
            URIs: http://archive.example/debian http://second.example/debian
            Suites: bookworm
              bookworm-updates
            # also inside a stanza
            Components: main contrib
            Signed-By: /keys/archive.gpg
            """);

        AssertFields(source, "Types: deb", "URIs: http://archive.example/debian http://second.example/debian", "Suites: bookworm-backports",
            "Components: main", "Signed-By: /keys/archive.gpg");
    }

    [TestMethod]
    public async Task PrintSource_OneLine_CopiesPlaceAndOptions()
    {
        string source = await PrintAsync("sources.list", """
            # deb http://commented.example/debian bookworm main
            deb cdrom:[Debian 12]/ bookworm contrib
            deb-src http://archive.example/debian bookworm main
            deb http://security.example/debian-security bookworm-security main
            deb [ arch=amd64 signed-by=/keys/a.gpg,/keys/b.gpg trusted=yes check-valid-until=no ]  http://archive.example/debian/  bookworm main non-free # ours
            """);

        AssertFields(source, "Types: deb", "URIs: http://archive.example/debian/", "Suites: bookworm-backports", "Components: main",
            "Signed-By: /keys/a.gpg /keys/b.gpg", "Trusted: yes", "Check-Valid-Until: no");
    }

    [TestMethod]
    public async Task PrintSource_OneLineWithoutOptions_NamesNoKey()
    {
        string source = await PrintAsync("sources.list.d/debian.list", "deb\tmirror+file:/etc/apt/mirrors.list\tbookworm\tmain\n");

        AssertFields(source, "Types: deb", "URIs: mirror+file:/etc/apt/mirrors.list", "Suites: bookworm-backports", "Components: main");
    }

    [TestMethod]
    public async Task PrintSource_KeyInsideTheSource_KeepsItsLines()
    {
        string source = await PrintAsync("sources.list.d/debian.sources", """
            Types: deb
            URIs: http://archive.example/debian
            Suites: bookworm
            Components: main
            Signed-By:
             -----BEGIN PGP PUBLIC KEY BLOCK-----
             .
             mDMEY865UxYJ
             -----END PGP PUBLIC KEY BLOCK-----
            """);

        StringAssert.EndsWith(
            source, "Signed-By: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEY865UxYJ\n -----END PGP PUBLIC KEY BLOCK-----\n");
    }

    [TestMethod]
    public async Task PrintSource_VendorUsesTheSameSuiteName_TakesDebiansArchive()
    {
        string source = await PrintAsync("sources.list", """
            deb http://vendor.example/repository bookworm main
            deb http://archive.example/mirror bookworm main
            deb http://archive.example/mirror bookworm-updates main
            """);

        StringAssert.Contains(source, "URIs: http://archive.example/mirror\n");
    }

    [TestMethod]
    public async Task PrintSource_DisabledStanza_IsPassedOver()
    {
        string source = await PrintAsync("sources.list.d/debian.sources", """
            Enabled: no
            Types: deb
            URIs: http://disabled.example/debian
            Suites: bookworm bookworm-updates
            Components: main

            Types: deb
            URIs: http://archive.example/debian
            Suites: bookworm
            Components: main
            """);

        StringAssert.Contains(source, "URIs: http://archive.example/debian\n");
    }

    [TestMethod]
    [DataRow("deb http://archive.example/debian bookworm main\ndeb http://archive.example/debian bookworm-backports main\n")]
    [DataRow("deb http://archive.example/debian bookworm main\ndeb [signed-by=/k] http://archive.example/debian bookworm-backports contrib main # here\n")]
    public async Task PrintSource_BackportsAlreadyNamed_PrintsNothing(string sources) =>
        Assert.AreEqual(string.Empty, await PrintAsync("sources.list", sources));

    [TestMethod]
    public async Task PrintSource_NoSourceOfTheRelease_FailsAndSaysWhat()
    {
        using FakeMachine machine = new(FakeMachine.Debian12);
        machine.HasAptSources("sources.list", "deb http://archive.example/debian bullseye main\n");

        ScriptResult result = await machine.RunAsync("src/setup/native.sh", "--print-source");

        Assert.AreEqual(1, result.ExitCode, result.Everything);
        StringAssert.Contains(result.Error, "serves the suite bookworm");
    }

    [TestMethod]
    public async Task PrintSource_Debian13_PrintsNothing()
    {
        using FakeMachine machine = new(FakeMachine.Debian13);

        ScriptResult result = await machine.RunAsync("src/setup/native.sh", "--print-source");

        Assert.AreEqual(0, result.ExitCode, result.Everything);
        Assert.AreEqual(string.Empty, result.Output);
    }

    private static async Task<string> PrintAsync(string file, string text)
    {
        using FakeMachine machine = new(FakeMachine.Debian12);
        machine.HasAptSources(file, text);
        ScriptResult result = await machine.RunAsync("src/setup/native.sh", "--print-source");
        Assert.AreEqual(0, result.ExitCode, result.Everything);
        return result.Output;
    }

    private static void AssertFields(string source, params string[] expected) =>
        Assert.AreEqual(string.Join('\n', expected), string.Join('\n', source.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)), source);
}
