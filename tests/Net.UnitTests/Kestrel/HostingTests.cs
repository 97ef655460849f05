using System.Net;
using System.Net.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Net.Server;
using Net.Testing;
using Net.UnitTests.Server;

namespace Net.UnitTests.Kestrel;

/// <summary>How an application comes to its transport: the choice of the engine, and what is said when there is none.</summary>
[TestClass]
public sealed class HostingTests
{
    private static readonly EngineCandidate NoFirst = new("first", static () => new EngineSupport(false, "Install libfirst.", null), static (_, _) => throw new InvalidOperationException());
    private static readonly EngineCandidate NoSecond = new("second", static () => new EngineSupport(false, "Install libsecond.", null), static (_, _) => throw new InvalidOperationException());

    [TestMethod]
    public async Task NoEngine_AtAll_ServesHttp2OnTcpAndSaysWhatIsMissing()
    {
        var log = new LogRecorder();
        WebApplication application = await StartWithoutEngineAsync(log);
        await using (application)
        {
            using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null } });
            using var request = new HttpRequestMessage(HttpMethod.Get, application.Urls.Single()) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using HttpResponseMessage response = await client.SendAsync(request).WithTimeout();

            Assert.AreEqual("over TCP", await response.Content.ReadAsStringAsync());
            Assert.IsFalse(response.Headers.Contains("alt-svc"), "HTTP/3 is offered though it is not served");
        }

        (LogLevel level, _, string message, _) = log.Entries.Single(static entry => entry.Id.Name == "NoEngine");
        Assert.AreEqual(LogLevel.Error, level);
        Assert.Contains("first: Install libfirst.", message);
        Assert.Contains("second: Install libsecond.", message);
    }

    [TestMethod]
    public void NoEngine_AndOnlyHttp3_FailsWithTheReason()
    {
        WebApplicationBuilder builder = CreateBuilder(new LogRecorder());

        TransportException exception = Assert.ThrowsExactly<TransportException>(() => builder.AddNetServer(static options =>
        {
            options.Identity = TestCertificates.Shared.Server;
            options.Protocols = HttpProtocols.Http3;
            options.Transport.Candidates = [NoFirst];
        }));

        Assert.AreEqual(TransportError.EngineMissing, exception.Error);
        Assert.Contains("Install libfirst.", exception.Message);
    }

    [TestMethod]
    public void Choose_TheFirstThatRuns_KeepsTheReasonsOfThoseBefore()
    {
        var runs = new EngineCandidate("runs", static () => new EngineSupport(true, null, new Version(1, 0)), static (_, _) => throw new InvalidOperationException());

        Assert.AreSame(runs, EngineCandidate.Choose([NoFirst, runs, NoSecond], out string reasons));
        Assert.AreEqual("first: Install libfirst.", reasons);
    }

    [TestMethod]
    public void Options_WithEveryFault_NameThemAll()
    {
        var options = new NetHostingOptions { ClientCertificateMode = ClientCertificateMode.Required };
        options.EndPoints.Add(new IPEndPoint(IPAddress.Loopback, 0));

        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(options.Validate);

        Assert.Contains("NetHostingOptions.Identity", exception.Message);
        Assert.Contains("NetHostingOptions.ClientCertificatePolicy", exception.Message);
        Assert.Contains("NetHostingOptions.EndPoints", exception.Message);
    }

    [TestMethod]
    public void TransportOptions_WithEveryFault_NameThemAll()
    {
        var options = new NetTransportOptions
        {
            IdleTimeout = TimeSpan.Zero,
            KeepAliveInterval = TimeSpan.Zero,
            HandshakeTimeout = TimeSpan.Zero,
            MaxConnections = 0,
            GracefulCloseDelay = TimeSpan.FromHours(1),
            DrainTimeout = TimeSpan.FromDays(2),
            Limits = TransportLimits.Default with { MaxInboundUnidirectionalStreams = 2 },
        };

        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(options.Validate);

        Assert.HasCount(7, exception.Message.Split(Environment.NewLine));
    }

    [TestMethod]
    public async Task Options_OfTheTransport_ReachThePort()
    {
        Net.ListenOptions? listen = null;
        MemorySite site = await MemorySite.StartAsync(
            static application => application.MapNetStream("echo", new EchoHandler()),
            options =>
            {
                options.IdleTimeout = TimeSpan.FromSeconds(7);
                options.KeepAliveInterval = TimeSpan.FromSeconds(3);
                options.HandshakeTimeout = TimeSpan.FromSeconds(5);
                options.MaxConnections = 12;
                options.Limits = TransportLimits.Default with { MaxInboundBidirectionalStreams = 34 };
                options.ConfigureListen = made => listen = made with { RetryThreshold = 56 };
            });
        await using (site)
        {
            Assert.AreEqual(site.EndPoint, site.Status.EndPoints.Single());
        }

        Assert.AreEqual(TimeSpan.FromSeconds(7), listen!.IdleTimeout);
        Assert.AreEqual(TimeSpan.FromSeconds(3), listen.KeepAliveInterval);
        Assert.AreEqual(TimeSpan.FromSeconds(5), listen.HandshakeTimeout);
        Assert.AreEqual(12, listen.MaxConnections);
        Assert.AreEqual(34, listen.Limits.MaxInboundBidirectionalStreams);
        Assert.AreEqual(56, listen.RetryThreshold);
        CollectionAssert.AreEqual(new List<string> { "h3", "net/1" }, listen.ApplicationProtocols.ToList());
    }

    [TestMethod]
    public async Task InlineContinuations_UnderKestrel_AreRefused()
    {
        ArgumentException exception = await Assert.ThrowsAsync<ArgumentException>(() => MemorySite.StartAsync(
            static application => application.MapGet("/", static () => "x"), static options => options.ConfigureListen = static listen => listen with { InlineContinuations = true }));

        Assert.Contains("InlineContinuations", exception.Message);
    }

    [TestMethod]
    public async Task Streams_BeyondTheLimit_WaitForTheirTurn()
    {
        await using MemorySite site = await MemorySite.StartAsync(
            static application => application.MapGet("/number/{n}", static (int n) => n), static options => options.Limits = TransportLimits.Default with { MaxInboundBidirectionalStreams = 2 });
        await using Http3Peer peer = await site.ConnectAsync();

        Http3Response[] responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(n => peer.GetAsync($"/number/{n}")));

        CollectionAssert.AreEqual(Enumerable.Range(0, 50).Select(static n => $"{n}").ToArray(), responses.Select(static response => response.Text).ToArray());
    }

    [TestMethod]
    public void AddNetTransport_Twice_IsRefused()
    {
        var services = new ServiceCollection();
        services.AddNetTransport();

        Assert.ThrowsExactly<InvalidOperationException>(() => services.AddNetTransport());
    }

    [TestMethod]
    public async Task Factory_OfTheTransport_BindsIPAddressesWithACertificateOnly()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapGet("/", static () => "x"));
        var selector = (IConnectionListenerFactorySelector)site.Services.GetRequiredService<IMultiplexedConnectionListenerFactory>();

        Assert.IsTrue(selector.CanBind(new IPEndPoint(IPAddress.IPv6Any, 443)));
        Assert.IsFalse(selector.CanBind(new System.Net.Sockets.UnixDomainSocketEndPoint("socket")));
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(async () => await site.Services.GetRequiredService<IMultiplexedConnectionListenerFactory>().BindAsync(site.EndPoint));
    }

    /// <summary>Starts on a port that was free a moment ago, and on another where some other program has taken it since.</summary>
    private static async Task<WebApplication> StartWithoutEngineAsync(LogRecorder log)
    {
        for (int attempt = 1; ; attempt++)
        {
            WebApplicationBuilder builder = CreateBuilder(log);
            builder.AddNetServer(static options =>
            {
                options.EndPoints.Clear();
                options.EndPoints.Add(new IPEndPoint(IPAddress.Loopback, FreePort()));
                options.Identity = TestCertificates.Shared.Server;
                options.Transport.Candidates = [NoFirst, NoSecond];
            });
            WebApplication application = builder.Build();
            application.MapGet("/", static () => "over TCP");
            application.MapNetStream("echo", new EchoHandler());
            try
            {
                await application.StartAsync().WithTimeout();
                return application;
            }
            catch (IOException exception) when (exception.InnerException is AddressInUseException && attempt < 10)
            {
                await application.DisposeAsync();
                log.Entries.Clear();
            }
        }
    }

    private static WebApplicationBuilder CreateBuilder(LogRecorder log)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton<ILoggerFactory>(log);
        return builder;
    }

    private static int FreePort()
    {
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
