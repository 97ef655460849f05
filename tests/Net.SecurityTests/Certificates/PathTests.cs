using System.Diagnostics;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;

namespace Net.SecurityTests.Certificates;

/// <summary>Paths that lead elsewhere than they seem to.</summary>
[TestClass]
public sealed class PathTests : CertificateSourceTest
{
    [TestMethod]
    [DataRow("../outside.pem")]
    [DataRow("sub/../../outside.pem")]
    [DataRow("link-to-file.pem")]
    [DataRow("link-to-directory/outside.pem")]
    [DataRow("link-to-link.pem")]
    [DataRow("absolute")]
    public void BaseDirectory_PathThatLeavesIt_IsRefused(string path)
    {
        string inside = Files["inside"];
        Directory.CreateDirectory(Path.Combine(inside, "sub"));
        File.WriteAllText(Files["outside.pem"], Authority.Pem);
        File.CreateSymbolicLink(Path.Combine(inside, "link-to-file.pem"), "../outside.pem");
        File.CreateSymbolicLink(Path.Combine(inside, "link-to-directory"), Files.Path);
        File.CreateSymbolicLink(Path.Combine(inside, "link-to-link.pem"), "link-to-file.pem");
        CertificateSourceOptions options = Options with { BaseDirectory = inside, Identities = [], TrustFiles = [path == "absolute" ? Files["outside.pem"] : path] };

        CertificateSourceException exception = OpenFails(CertificateFault.Unreadable, options);

        Assert.Contains("outside CertificateSourceOptions.BaseDirectory", exception.Message);
    }

    [TestMethod]
    public void BaseDirectory_NeighbourWithTheSameBeginning_IsOutside()
    {
        Directory.CreateDirectory(Files["certs"]);
        Directory.CreateDirectory(Files["certs-old"]);
        File.WriteAllText(Files["certs-old/ca.pem"], Authority.Pem);

        OpenFails(CertificateFault.Unreadable, Options with { BaseDirectory = Files["certs"], Identities = [], TrustFiles = ["../certs-old/ca.pem"] });
    }

    [TestMethod]
    public void BaseDirectory_LinksThatStayInside_AreFollowed()
    {
        File.CreateSymbolicLink(Files["same"], Files.Path);
        File.CreateSymbolicLink(Files["trust.pem"], "same/ca.pem");

        Assert.IsNotNull(Open(Options with { BaseDirectory = Files.Path, Identities = [], TrustFiles = ["./trust.pem"] }).Current.Trust);
    }

    [TestMethod]
    public void Open_LinksInACircle_IsRefused()
    {
        File.CreateSymbolicLink(Files["a"], "b");
        File.CreateSymbolicLink(Files["b"], "a");

        Assert.Contains("links", OpenFails(CertificateFault.Unreadable, Options with { TrustFiles = [Files["a"]] }).Message);
    }

    [TestMethod]
    public void Open_NamedPipe_IsRefusedWithoutWaitingForAWriter()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Windows has no such files.");
        }

        using (Process made = Process.Start("mkfifo", [Files["pipe"]]))
        {
            made.WaitForExit();
        }

        Assert.Contains("no regular file", OpenFails(CertificateFault.Unreadable, Options with { TrustFiles = [Files["pipe"]] }).Message);
        Assert.Contains("no regular file", OpenFails(CertificateFault.Unreadable, Options with { TrustFiles = ["/dev/zero"] }).Message);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("  ")]
    [DataRow("a\0b")]
    public void Inputs_UnusablePath_AreRefusedAtOnce(string path)
    {
        Assert.ThrowsExactly<ArgumentException>(() => IdentityInput.FromPemFiles(path, "key.pem"));
        Assert.ThrowsExactly<ArgumentException>(() => IdentityInput.FromPemFiles("cert.pem", path));
        Assert.ThrowsExactly<ArgumentException>(() => IdentityInput.FromPfxFile(path));
        Assert.ThrowsExactly<ArgumentException>(() => (Options with { TrustFiles = [path] }).Validate());
    }
}
