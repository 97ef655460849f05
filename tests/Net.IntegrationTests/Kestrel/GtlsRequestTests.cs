using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Setup;
using Net.Server;

namespace Net.IntegrationTests.Kestrel;

/// <summary>ngtcp2's own HTTP/3 client against Kestrel on our engine. It exits with 0 even when it failed, so that the files it downloaded are looked at.</summary>
[TestClass]
[TestCategory("Interop")]
public sealed class GtlsRequestTests : IDisposable
{
    private static InteropCertificates s_certificates = null!;
    private static byte[] s_body = null!;
    private readonly TemporaryDirectory _files = new();

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        GtlsPeer.ClientProgram();
        s_certificates = await InteropCertificates.MakeAsync();
        s_body = RandomNumberGenerator.GetBytes(10_000_019);
    }

    [ClassCleanup]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    public void Dispose() => _files.Dispose();

    [TestMethod]
    public async Task Get_AMinimalApi_GivesItsBytes()
    {
        await using KestrelSite site = await StartAsync(static _ => { });

        string output = await GtlsPeer.RunClientAsync(site.Port, "/file", _files.Path, "-q");

        AssertDownloaded("file", s_body, output);
    }

    private static Task<KestrelSite> StartAsync(Action<NetHostingOptions> configure) => KestrelSite.StartAsync(
        s_certificates, static application => application.MapGet("/file", static () => Results.Bytes(s_body)), configure);

    private void AssertDownloaded(string name, byte[] expected, string output)
    {
        string path = _files.Combine(name);
        Assert.IsTrue(File.Exists(path), output);
        byte[] actual = File.ReadAllBytes(path);
        CollectionAssert.AreEqual(SHA256.HashData(expected), SHA256.HashData(actual), $"{actual.Length} of {expected.Length} bytes came, or other ones.\n{output}");
    }
}
