using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Net.Grpc;
using Net.Testing;

namespace Net.IntegrationTests.Grpc;

/// <summary>Stock Kestrel with HTTP/2 and TLS on a TCP port of its own, and a client for it.</summary>
internal sealed class GrpcTestServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly NoUnexpectedErrorsScope _errors;

    private GrpcTestServer(WebApplication application, NoUnexpectedErrorsScope errors, int port)
    {
        _application = application;
        _errors = errors;
        Port = port;
        Address = new Uri($"https://localhost:{port}");
    }

    public int Port { get; }

    public Uri Address { get; }

    public static async Task<GrpcTestServer> StartAsync(Action<WebApplication> map, Action<IServiceCollection>? services = null, HttpProtocols protocols = HttpProtocols.Http2)
    {
        TlsIdentity identity = TestCertificates.Shared.Server;
        var errors = new NoUnexpectedErrorsScope();
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRouting();
        builder.Services.AddSingleton<ILoggerFactory>(errors);
        services?.Invoke(builder.Services);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = protocols;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = identity.Certificate;
                https.ServerCertificateChain = [.. identity.Intermediates];
            });
        }));
        WebApplication application = builder.Build();
        map(application);
        await application.StartAsync().WithTimeout();
        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new GrpcTestServer(application, errors, new Uri(address).Port);
    }

    /// <summary>Foresees an error in the log.</summary>
    public void Expect(string eventName) => _errors.Expect(eventName);

    public static SocketsHttpHandler CreateHandler() => new()
    {
        EnableMultipleHttp2Connections = true,
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                CustomTrustStore = { TestCertificates.Shared.Root },
            },
        },
    };

    public static HttpMessageInvoker CreateInvoker() => new(CreateHandler());

    public GrpcClient CreateClient(GrpcClientOptions? options = null) => new(Address, CreateHandler(), options);

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().WithTimeout();
        await _application.DisposeAsync();
        _errors.AssertNone();
    }
}
