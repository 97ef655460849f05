using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Kestrel;

/// <summary>libcurl as an HTTP/3 client, behind Python: ngtcp2 and nghttp3 under it, but curl's own way of using them.</summary>
internal static class CurlPeer
{
    // The system's, as the module is a package of the system.
    private const string Python = "/usr/bin/python3";
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private static readonly Lazy<Task<string>> Version = new(ReadVersionAsync);

    internal static async Task RequireAsync()
    {
        InteropRequirement.Engine();
        string version = await Version.Value;
        if (!version.Contains("nghttp3", StringComparison.Ordinal))
        {
            SetupRequirement.Missing($"libcurl with HTTP/3 behind {Python} (packages libcurl3-gnutls of the suite of the engine's libraries, python3-pycurl) is not there: {version} Run src/setup/peers.sh.");
        }
    }

    /// <summary>Sends requests at once over one connection.</summary>
    internal static async Task<IReadOnlyList<CurlResult>> SendAsync(InteropCertificates certificates, int port, IReadOnlyList<CurlRequest> requests, string? client = null)
    {
        var job = new CurlJob(
            port, certificates.PathOf("ca"), client is null ? null : certificates.PathOf(client), client is null ? null : certificates.KeyPathOf(client), requests);
        await using PeerProcess process = PeerProcess.Start(Python, [RepositoryFiles.PathOf("tests/peers/curl/request.py"), JsonSerializer.Serialize(job, Json)]);
        var results = new List<CurlResult>();
        for (int i = 0; i < requests.Count; i++)
        {
            results.Add(JsonSerializer.Deserialize<CurlResult>(await process.TakeLineAsync(static _ => true, $"result {i.ToString(CultureInfo.InvariantCulture)}"), Json)!);
        }

        Assert.AreEqual(0, await process.WaitForExitAsync(), process.Everything);
        return results;
    }

    internal static async Task<CurlResult> SendAsync(InteropCertificates certificates, int port, CurlRequest request, string? client = null) =>
        (await SendAsync(certificates, port, [request], client))[0];

    private static async Task<string> ReadVersionAsync()
    {
        if (!File.Exists(Python))
        {
            return "There is no Python.";
        }

        await using PeerProcess process = PeerProcess.Start(Python, ["-c", "import pycurl; print(pycurl.version)"]);
        await process.WaitForExitAsync();
        return process.Everything;
    }

    private sealed record CurlJob(int Port, string Ca, string? Cert, string? Key, IReadOnlyList<CurlRequest> Requests);
}

/// <summary>A request to send.</summary>
internal sealed record CurlRequest(string Path, string Method = "GET", string? Body = null, long? AbortAfter = null, IReadOnlyList<string>? Headers = null);

/// <summary>What came of a request.</summary>
internal sealed record CurlResult(int Error, int Status, int Version, Dictionary<string, string> Headers, Dictionary<string, string> Trailers, long Length, string Sha256);
