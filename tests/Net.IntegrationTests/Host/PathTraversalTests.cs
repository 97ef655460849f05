using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Google.Protobuf;
using Net.Aql;
using Net.Client;
using Net.Grpc;
using Net.Hosting;
using Net.Hosting.Access;
using Net.IntegrationTests.Setup;
using Net.Protocol.Aql;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary>Texts from the network and from the file of rules that would be ways out of a directory if they were taken for file names.</summary>
[TestClass]
public sealed class PathTraversalTests : HostTest
{
    private const string Sentinel = "sentinel-7a41";

    private static readonly string[] Ways =
    [
        "../secret.txt", "..", ".", "../../../../../../etc/passwd", "/etc/passwd", "//etc/passwd", "a/../../secret.txt", "..\\secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt",
        "log-0000000000000000.aql", "lock", "~/x", "file:///etc/passwd", "con", "x/.", "\u2025/secret.txt",
    ];

    [TestMethod]
    public async Task Serve_NamesFromTheNetwork_NeverBecomeFiles()
    {
        using var files = new TemporaryDirectory();
        files.WriteFile("secret.txt", Sentinel);
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates, "--data", files.Combine("data"));
        await using (ServeClient client = await ServeClient.StartAsync(server))
        {
            // A collection and a key are what they say, whatever they look like.
            var aql = new AqlClient(client.Grpc);
            foreach (string way in Ways)
            {
                ByteString name = ByteString.CopyFromUtf8(way);
                await aql.ExecuteQueryAsync(new QueryRequest { Query = new Query { Set = new SetQuery { Collection = way, Key = new Key { Data = name }, Value = new CipherBlob { Data = name } } } }).AsTask().WithTimeout();
                QueryResponse read = await aql.ExecuteQueryAsync(new QueryRequest { Query = new Query { Get = new GetQuery { Collection = way, Key = new Key { Data = name } } } }).AsTask().WithTimeout();
                StringAssert.Contains(Encoding.UTF8.GetString(read.ToByteArray()), way);
            }

            await AssertRoutesAsync(server);
            await AssertPagesAsync(client.Http, server);
        }

        await AssertServerNamesAsync(server);
        server.Terminate();
        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync());

        CollectionAssert.AreEquivalent((string[])[files.Combine("data"), files.Combine("secret.txt")], Directory.GetFileSystemEntries(files.Path));
        Assert.AreEqual(Sentinel, await File.ReadAllTextAsync(files.Combine("secret.txt")));
        Assert.IsTrue(Directory.GetFileSystemEntries(files.Combine("data")).All(static entry => Path.GetFileName(entry) is "lock" or "log-0000000000000000.aql"), string.Join(' ', Directory.GetFileSystemEntries(files.Combine("data"))));
    }

    /// <summary>Each option of the file of rules that names a file or a directory.</summary>
    [TestMethod]
    [DataRow("""{ "authentication": { "issuers": [ { "issuer": "https://a", "audiences": ["b"], "keys": "@" } ] } }""", DisplayName = "keys of an issuer")]
    [DataRow("""{ "authentication": { "apiKeys": { "file": "@", "pepper": "pepper.key" } } }""", DisplayName = "file of keys")]
    [DataRow("""{ "authentication": { "apiKeys": { "file": "keys.json", "pepper": "@" } } }""", DisplayName = "pepper")]
    [DataRow("""{ "audit": { "directory": "@" } }""", DisplayName = "directory of the audit")]
    [DataRow("""{ "audit": { "directory": "audit", "key": "@" } }""", DisplayName = "key of the audit")]
    public async Task Rules_EachFileThatTheyName_StaysBelowTheirDirectory(string rules)
    {
        using var files = new TemporaryDirectory();
        files.WriteFile("secret.txt", new string('a', 64));
        files.WriteFile("rules/pepper.key", new string('a', 64));
        files.WriteFile("rules/keys.json", """{ "keys": [] }""");
        Directory.CreateSymbolicLink(files.Combine("rules", "out"), "..");
        File.CreateSymbolicLink(files.Combine("rules", "far"), "../secret.txt");
        string[] before = Directory.GetFileSystemEntries(files.Path);
        foreach (string way in (string[])["../secret.txt", files.Combine("secret.txt"), "x/../../secret.txt", "out/secret.txt", "far", "..\\secret.txt", "secret.txt\0", ".."])
        {
            string path = files.WriteFile("rules/access.json", rules.Replace("@", JsonEncodedText(way), StringComparison.Ordinal));

            HostException fault = Assert.ThrowsExactly<HostException>(() => ServeAccess.Open(path, null, new ManualTimeProvider(), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance), way);

            Assert.DoesNotContain(new string('a', 64), fault.Message, "What lies there must not be shown.");
            Assert.Contains("access.json", fault.Message);
        }

        CollectionAssert.AreEquivalent(before, Directory.GetFileSystemEntries(files.Path));
    }

    private static string JsonEncodedText(string text) => System.Text.Json.JsonEncodedText.Encode(text).ToString();

    private static async Task AssertRoutesAsync(ServeProcess server)
    {
        await using TransportEngine engine = await ConnectedClient.SelectEngineAsync();
        await using TransportConnection connection = await ConnectedClient.ConnectAsync(engine, server, RawStreamProtocol.ApplicationProtocol);
        foreach (string way in Ways)
        {
            await using RawStream stream = await new RawStreamClient(connection).OpenAsync(way).AsTask().WithTimeout();
            TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => stream.Input.ReadAsync().AsTask().WithTimeout());
            Assert.AreEqual(RawStreamErrorCodes.UnknownRoute, refused.ApplicationErrorCode, way);
        }
    }

    private static async Task AssertPagesAsync(HttpClient http, ServeProcess server)
    {
        using var admin = new HttpClient { BaseAddress = server.Admin };
        foreach ((HttpClient asked, string way) in Ways.SelectMany(way => ((HttpClient, string)[])[(http, way), (admin, way), (admin, "health/" + way), (admin, "metrics/../" + way)]))
        {
            // As it is written: the parser of URIs would take dot segments and escapes away.
            string path = "/" + way.TrimStart('/').Replace("\u2025", "%E2%80%A5", StringComparison.Ordinal);
            var uri = new Uri($"{asked.BaseAddress!.GetLeftPart(UriPartial.Authority)}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            using var request = new HttpRequestMessage(HttpMethod.Get, uri) { Version = asked.DefaultRequestVersion, VersionPolicy = asked.DefaultVersionPolicy };
            using HttpResponseMessage response = await asked.SendAsync(request).WithTimeout();
            string body = await response.Content.ReadAsStringAsync();
            Assert.DoesNotContain(Sentinel, body, path);
            Assert.DoesNotContain("root:", body, path);

            // "/." and "/.." are "/", which is served (RFC 3986, section 5.2.4).
            Assert.IsTrue((int)response.StatusCode is >= 400 and < 500 || path.EndsWith("..", StringComparison.Ordinal) || path.EndsWith('.'), $"{path}: {response.StatusCode}");
        }
    }

    /// <summary>Over TCP, where a client may ask for any name.</summary>
    private static async Task AssertServerNamesAsync(ServeProcess server)
    {
        using X509Certificate2 client = X509CertificateLoader.LoadPkcs12(server.Certificates.ReadWithKey("client").Export(X509ContentType.Pkcs12), null);
        using X509Certificate2 own = server.Certificates.Read("server");
        foreach (string way in (string[])["/etc/passwd", "client", "%2e%2e%2fclient", "a\\b", "client.pem"])
        {
            using var tcp = new TcpClient();
            await tcp.ConnectAsync(IPAddress.Loopback, server.Port).WithTimeout();
            await using var tls = new SslStream(tcp.GetStream());
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = way, ClientCertificates = [client], RemoteCertificateValidationCallback = (_, shown, _, _) => shown is X509Certificate2 leaf && leaf.SerialNumber == own.SerialNumber,
            }).WithTimeout();
            Assert.IsTrue(tls.IsAuthenticated, way);
        }
    }
}
