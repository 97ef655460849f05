using System.Net;
using System.Net.Http;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Net.Channels;
using Net.Client;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Kestrel;
using Net.Security;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Security;

/// <summary>A channel whose server loses its trust: the calls that run on it are cut within five seconds, over whatever they go.</summary>
[TestClass]
public sealed class ChannelTrustTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly TestAuthority _authority = new("Channel root");
    private readonly CertificateDirectory _files = new();
    private readonly ManualTimeProvider _time = new(DateTimeOffset.UtcNow);
    private X509Certificate2 _server = null!;
    private KestrelSite _site = null!;
    private CertificateSource _source = null!;

    [TestInitialize]
    public async Task StartAsync()
    {
        InteropRequirement.Engine();
        _server = _authority.IssueServer(_time.GetUtcNow().AddHours(1));
        _files.Replace("ca.pem", _authority.Pem);
        _files.Replace("ca.crl", List(1));
        _site = await KestrelSite.StartAsync(
            (builder, port) => builder.AddNetServer(options =>
            {
                options.EndPoints.Clear();
                options.EndPoints.Add(new IPEndPoint(IPAddress.Loopback, port));
                options.Identity = new TlsIdentity(_server);
            }),
            static application =>
            {
                application.MapGet("/endless", static async context =>
                {
                    await context.Response.WriteAsync("begun");
                    await context.Response.Body.FlushAsync();
                    await Task.Delay(Timeout.Infinite, context.RequestAborted);
                });
                application.MapNetStream("echo", new EchoHandler());
            });
    }

    public async ValueTask DisposeAsync()
    {
        if (_source is not null)
        {
            await _source.DisposeAsync();
        }

        if (_site is not null)
        {
            await _site.DisposeAsync();
        }

        _files.Dispose();
    }

    [TestMethod]
    [DataRow(FallbackPolicy.Only)]
    [DataRow(FallbackPolicy.Exact)]
    public async Task Revocation_OfTheServer_CutsTheCallsOfAChannel(FallbackPolicy policy)
    {
        await using ClientChannel channel = Open(policy, TimeProvider.System);
        using HttpClient http = channel.CreateHttpClient();
        (HttpResponseMessage response, Task<int> reading) = await BeginRequestAsync(http, "/endless");
        await using RawStream stream = await channel.OpenStreamAsync("echo").AsTask().WithTimeout();
        await RotationSite.EchoAsync(stream, "before");
        Task echoing = stream.Input.ReadAsync().AsTask();

        _files.Replace("ca.crl", List(2, _server));

        await AssertCutAsync(reading, "the end of the request to the revoked server");
        await AssertCutAsync(echoing, "the end of the raw stream to the revoked server");
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync("/endless").WithTimeout());
        response.Dispose();
    }

    [TestMethod]
    public async Task Revocation_UnderAClock_CutsTcpWithinFiveSecondsOfIt()
    {
        await using ClientChannel channel = Open(FallbackPolicy.Only, _time);
        using HttpClient http = channel.CreateHttpClient();
        (HttpResponseMessage response, Task<int> reading) = await BeginRequestAsync(http, "/endless");
        (HttpResponseMessage other, Task<int> otherReading) = await BeginRequestAsync(http, "https://other.example/endless");
        await using RawStream stream = await channel.OpenStreamAsync("echo").AsTask().WithTimeout();
        await RotationSite.EchoAsync(stream, "before");
        Task echoing = stream.Input.ReadAsync().AsTask();
        DateTimeOffset changed = _time.GetUtcNow();
        Assert.IsFalse(reading.IsCompleted || otherReading.IsCompleted || echoing.IsCompleted);

        _files.Replace("ca.crl", List(2, _server));
        while (_source.Current.Generation == 1)
        {
            Assert.IsLessThan(Limit, _time.GetUtcNow() - changed, "the source did not take the new list in time");
            await RotationSite.LookAsync(_source, _time);
        }

        // The clock stands: nothing but the new trust can end them.
        await AssertCutAsync(reading, "the end of the request to the revoked server");
        await AssertCutAsync(otherReading, "the end of the request on the connection for another host");
        await AssertCutAsync(echoing, "the end of the raw stream to the revoked server");
        response.Dispose();
        other.Dispose();
    }

    [TestMethod]
    [DataRow(FallbackPolicy.Only)]
    [DataRow(FallbackPolicy.Exact)]
    public async Task Root_TakenOutUnderAClock_CutsTheCallsOfAChannelWithinFiveSecondsOfIt(FallbackPolicy policy)
    {
        var staying = new TestAuthority("Staying root");
        _files.Replace("ca.pem", _authority.Pem + staying.Pem);
        await using ClientChannel channel = Open(policy, _time);
        using HttpClient http = channel.CreateHttpClient();
        (HttpResponseMessage response, Task<int> reading) = await BeginRequestAsync(http, "/endless");
        await using RawStream stream = await channel.OpenStreamAsync("echo").AsTask().WithTimeout();
        await RotationSite.EchoAsync(stream, "before");
        Task echoing = stream.Input.ReadAsync().AsTask();
        DateTimeOffset changed = _time.GetUtcNow();

        // With the list of the root that goes: one without its authority would be refused.
        _files.Replace("ca.crl", TestAuthority.ListPem(staying.CreateList(1, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddDays(7))));
        _files.Replace("ca.pem", staying.Pem);
        while (_source.Current.Generation == 1)
        {
            Assert.IsLessThan(Limit, _time.GetUtcNow() - changed, "the source did not take the new trust in time");
            await RotationSite.LookAsync(_source, _time);
        }

        // The clock stands: nothing but the new trust can end them.
        await AssertCutAsync(reading, "the end of the request that rested on the root");
        await AssertCutAsync(echoing, "the end of the raw stream that rested on the root");
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync("/endless").WithTimeout());
        response.Dispose();
    }

    [TestMethod]
    public async Task Expiry_OfTheServersCertificateUnderAClock_CutsTcpAfterTheGrace()
    {
        await using ClientChannel channel = Open(FallbackPolicy.Only, _time, TimeSpan.FromHours(1));
        using HttpClient http = channel.CreateHttpClient();
        (HttpResponseMessage response, Task<int> reading) = await BeginRequestAsync(http, "/endless");
        TimeSpan left = _server.NotAfter.ToUniversalTime() - _time.GetUtcNow();

        _time.Advance(left);
        Assert.IsFalse(reading.IsCompleted);
        _time.Advance(_source.Options.ExpiryGrace + TimeSpan.FromSeconds(1));

        await AssertCutAsync(reading, "the end of the request to the server whose certificate ended");
        response.Dispose();
    }

    private static async Task<(HttpResponseMessage Response, Task<int> Reading)> BeginRequestAsync(HttpClient http, string address)
    {
        HttpResponseMessage response = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead).WithTimeout();
        Stream body = await response.Content.ReadAsStreamAsync();
        byte[] buffer = new byte[100];
        Assert.AreEqual(5, await body.ReadAsync(buffer).WithTimeout());
        return (response, body.ReadAsync(buffer).AsTask());
    }

    private static async Task AssertCutAsync(Task call, string awaited)
    {
        Exception exception = await Assert.ThrowsAsync<Exception>(() => call.WithTimeout(awaited: awaited));
        Assert.IsTrue(exception is IOException or TransportException, exception.ToString());
    }

    private ClientChannel Open(FallbackPolicy policy, TimeProvider time, TimeSpan? pollInterval = null)
    {
        _source = CertificateSource.Open(new CertificateSourceOptions
        {
            TrustFiles = [_files["ca.pem"]], RevocationListFiles = [_files["ca.crl"]], Role = CertificateRole.Client, TimeProvider = time,
            PollInterval = pollInterval ?? TimeSpan.FromMilliseconds(250),
        });
        return new NetChannelBuilder($"https://localhost:{_site.Port}").UseTls(_source.Client).UseFallback(policy).UsePool(PoolOptions.Default with { MinConnections = 1 }).Build();
    }

    private string List(int number, params X509Certificate2[] revoked) =>
        TestAuthority.ListPem(_authority.CreateList(number, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddDays(7), revoked));
}
