using System.Net;
using System.Security.Cryptography;
using Net.Http3;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Ngtcp2;
using Net.IntegrationTests.Setup;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Http3;

/// <summary>Our HTTP/3 client against ngtcp2's server, which frames and compresses with nghttp3 as a whole, dynamic table included.</summary>
[TestClass]
[TestCategory("Interop")]
[DoNotParallelize] // It looks at the memory of the process.
public sealed class GtlsServerHandlerTests
{
    private const int MostRounds = 30;
    private static InteropCertificates s_certificates = null!;
    private static TemporaryDirectory s_files = null!;
    private static byte[] s_body = null!;

    [ClassInitialize]
    public static async Task MakeFilesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        GtlsPeer.ServerProgram();
        s_certificates = await InteropCertificates.MakeAsync();
        s_files = new TemporaryDirectory();
        s_body = RandomNumberGenerator.GetBytes(1_000_003);
        await File.WriteAllBytesAsync(s_files.Combine("file.bin"), s_body);
        await File.WriteAllTextAsync(s_files.Combine("small.txt"), "small");
    }

    [ClassCleanup]
    public static void DeleteFiles()
    {
        s_certificates?.Dispose();
        s_files?.Dispose();
    }

    [TestMethod]
    public async Task Get_Files_GivesTheirBytes()
    {
        (PeerProcess server, int port) = await GtlsPeer.StartServerAsync(s_certificates, s_files.Path, "-q");
        await using PeerProcess process = server;
        await using var engine = new Ngtcp2Engine();
        using var errors = new NoUnexpectedErrorsScope();
        await using var handler = new Http3Handler(HandlerSite.OptionsFor(s_certificates, engine, errors));
        using HttpClient client = ClientOf(handler, port);

        using HttpResponseMessage response = await client.GetAsync("file.bin").WithTimeout();
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        StringAssert.Contains(response.Headers.Server.ToString(), "nghttp3", StringComparison.Ordinal);
        CollectionAssert.AreEqual(SHA256.HashData(s_body), SHA256.HashData(await response.Content.ReadAsByteArrayAsync().WithTimeout()));
        using HttpResponseMessage missing = await client.GetAsync("missing").WithTimeout();
        Assert.AreEqual(HttpStatusCode.NotFound, missing.StatusCode);
        byte[][] all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.GetByteArrayAsync("file.bin"))).WithTimeout();
        Assert.IsTrue(all.All(static b => b.AsSpan().SequenceEqual(s_body)));
    }

    [TestMethod]
    public async Task Requests_AThousand_LeaveNoStreamAndNoNativeMemory()
    {
        (PeerProcess server, int port) = await GtlsPeer.StartServerAsync(s_certificates, s_files.Path, "-q");
        await using PeerProcess process = server;
        await using var engine = new Ngtcp2Engine();
        using var errors = new NoUnexpectedErrorsScope();
        await using Http3Connection connection = await ConnectAsync(engine, port, errors);
        await RunAsync(connection, port, 1000);

        // A stream's decoding context alone is over a hundred bytes. A leak stands in every round; what the runtime allocates while it compiles what has become hot stands in the first ones only.
        const long Bound = 1000 * 64L;
        long smallest = long.MaxValue;
        for (int round = 0; round < MostRounds && smallest >= Bound; round++)
        {
            long before = ProcessResources.NativeBytes();
            await RunAsync(connection, port, 1000);
            smallest = Math.Min(smallest, ProcessResources.NativeBytes() - before);
        }

        // The last request was cancelled, and its stream ends behind what its caller was told.
        await Waiting.Until(() => connection.ActiveRequests == 0, "no request is left");
        Assert.AreEqual(0, connection.Decoder.BlockedCount);
        Assert.IsFalse(connection.IsDraining);

        Assert.IsLessThan(Bound, smallest, "a thousand requests left native memory behind in each of many rounds");
    }

    [TestMethod]
    public async Task Requests_OfAFewBytes_AllocateLittle()
    {
        (PeerProcess server, int port) = await GtlsPeer.StartServerAsync(s_certificates, s_files.Path, "-q");
        await using PeerProcess process = server;
        await using var engine = new Ngtcp2Engine();
        using var errors = new NoUnexpectedErrorsScope();
        await using Http3Connection connection = await ConnectAsync(engine, port, errors);
        await RunAsync(connection, port, 3000);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        var uri = new Uri($"https://localhost:{port}/small.txt");
        var buffer = new byte[100];
        for (int i = 0; i < 2000; i++)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, uri);
            using HttpResponseMessage response = await connection.SendAsync(request, CancellationToken.None);
            Stream body = await response.Content.ReadAsStreamAsync();
            while (await body.ReadAsync(buffer) > 0)
            {
            }
        }

        long each = (GC.GetTotalAllocatedBytes(precise: true) - before) / 2000;

        // Three kilobytes were measured, the engine's stream and the messages of HttpClient included.
        Assert.IsLessThan(4096, each);
    }

    private static HttpClient ClientOf(Http3Handler handler, int port) => new(handler, disposeHandler: false)
    {
        BaseAddress = new Uri($"https://localhost:{port}/"),
        DefaultRequestVersion = HttpVersion.Version30,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static async Task<Http3Connection> ConnectAsync(Ngtcp2Engine engine, int port, NoUnexpectedErrorsScope errors)
    {
        TransportConnection connection = await engine.ConnectAsync(new ConnectOptions
        {
            RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, port),
            ServerName = "localhost",
            ApplicationProtocols = [Http3Connection.ApplicationProtocol],
            Tls = new ClientTlsOptions { ServerCertificatePolicy = s_certificates.Trust },
        }).WithTimeout();
        return await Http3Connection.StartAsync(connection, new Http3ConnectionOptions { LoggerFactory = errors }).WithTimeout();
    }

    // Whole ones, and ones that are given up with the headers or before.
    private static async Task RunAsync(Http3Connection connection, int port, int count)
    {
        for (int i = 0; i < count; i++)
        {
            using var cancellation = new CancellationTokenSource();
            var request = new HttpRequestMessage(HttpMethod.Get, $"https://localhost:{port}/small.txt");
            Task<HttpResponseMessage> sending = connection.SendAsync(request, cancellation.Token);
            if (i % 50 == 49)
            {
                await cancellation.CancelAsync();
            }

            try
            {
                using HttpResponseMessage response = await sending.WithTimeout();
                if (i % 50 != 48)
                {
                    Assert.AreEqual("small", await response.Content.ReadAsStringAsync(cancellation.Token).WithTimeout());
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // As asked.
            }
        }
    }
}
