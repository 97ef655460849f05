using System.Buffers.Text;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Net.Aql;
using Net.Grpc;
using Net.Hosting.Access;
using Net.Http3;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Kestrel;
using Net.Ngtcp2;
using Net.Security;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Access;

/// <summary>AQL, a page and raw streams behind one gate, over HTTP/3, HTTP/2 and raw QUIC at one port. What expires follows a clock that the test moves.</summary>
internal sealed class AccessSite : IAsyncDisposable
{
    private const string Issuer = "https://issuer.test";
    private static readonly byte[] Pepper = new byte[32];
    private static readonly byte[] TokenSecret = new byte[32];
    private readonly Ngtcp2Engine _engine = new();
    private AqlStore _store = null!;
    private KestrelSite _site = null!;

    private AccessSite()
    {
        Gate = new AccessGate(Options(), Time);
    }

    internal ManualTimeProvider Time { get; } = new();

    internal AccessGate Gate { get; }

    /// <summary>A key of the role "app": reads all collections, writes "rows", opens "echo", gets "/page"; valid for an hour.</summary>
    internal ApiKey Key { get; } = ApiKey.Create();

    internal int Port => _site.Port;

    /// <summary>The rows themselves, past every rule.</summary>
    internal AqlEngine Rows => new(_store, TimeProvider.System);

    internal static async Task<AccessSite> StartAsync()
    {
        InteropRequirement.Engine();
        var access = new AccessSite { _store = AqlStore.CreateInMemory() };
        access._site = await KestrelSite.StartAsync(
            (builder, port) => builder.AddNetServer(options =>
            {
                options.EndPoints.Clear();
                options.EndPoints.Add(new IPEndPoint(IPAddress.Loopback, port));
                options.Identity = TestCertificates.Shared.Server;
                options.ClientCertificateMode = ClientCertificateMode.Optional;
                options.ClientCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots);
                options.Transport.Access = access.Gate;
            }),
            access.Map);
        return access;
    }

    internal AccessOptions Options() => new()
    {
        Authentication = new AuthenticationOptions
        {
            Certificates = [new CertificateRule(CertificateField.Subject, TestCertificates.Shared.Client.Certificate.SubjectName.Name) { Name = "machine", Roles = ["app"] }],
            ApiKeys = ApiKeySource.FromKeys(new ApiKeySet(
                [new ApiKeyEntry { Id = Key.Id, Hash = ApiKeySet.HashOf(Key, Pepper), Name = "billing", Roles = ["app"], Expires = new ManualTimeProvider().GetUtcNow().AddHours(1) }], Pepper)),
            Tokens = new TokenOptions
            {
                Issuers = [new TokenIssuer { Issuer = Issuer, Audiences = [Issuer], Keys = TokenKeySource.FromKeys([TokenKey.FromSecret("k", TokenSecret, TokenAlgorithm.HS256)]), Roles = ["app"] }],
            },
            Throttle = new FailureThrottleOptions { MaxFailuresPerSource = 1000 },
        },
        Authorization = new AuthorizationOptions
        {
            Roles = new Dictionary<string, RoleOptions>
            {
                ["app"] = new() { Allow = ["grpc:amaters.aql.AqlService/*", "aql:read:*", "aql:write:rows", "raw:echo", "raw:who", "http:GET:/page"], Deny = ["grpc:amaters.aql.AqlService/GetServerInfo"] },
            },
        },
        Admission = new AdmissionOptions { RatePerPrincipal = null },
        RecheckInterval = TimeSpan.FromMilliseconds(100),
    };

    /// <summary>A token of the issuer that the site knows, good for five minutes.</summary>
    /// <param name="boundTo">The certificate that it is bound to (RFC 8705, section 3.1); <c>null</c>: none.</param>
    internal string CreateToken(X509Certificate2? boundTo = null)
    {
        long now = Time.GetUtcNow().ToUnixTimeSeconds();
        string binding = boundTo is null ? "" : $",\"cnf\":{{\"x5t#S256\":\"{Base64Url.EncodeToString(boundTo.GetCertHash(HashAlgorithmName.SHA256))}\"}}";
        string body = $"{Encode("{\"alg\":\"HS256\",\"kid\":\"k\"}")}.{Encode($"{{\"iss\":\"{Issuer}\",\"aud\":\"{Issuer}\",\"sub\":\"alice\",\"iat\":{now},\"exp\":{now + 300}{binding}}}")}";
        return $"{body}.{Base64Url.EncodeToString(HMACSHA256.HashData(TokenSecret, Encoding.ASCII.GetBytes(body)))}";

        static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
    }

    internal GrpcClient CreateGrpc(int version, TlsIdentity? identity = null)
    {
        var options = new GrpcClientOptions { HttpVersion = new Version(version, 0), HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        return new GrpcClient(new Uri($"https://localhost:{Port}"), CreateHandler(version, identity), options);
    }

    internal HttpClient CreateHttp(int version, TlsIdentity? identity = null) => new(CreateHandler(version, identity))
    {
        BaseAddress = new Uri($"https://localhost:{Port}"), DefaultRequestVersion = new Version(version, 0), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    internal Task<TransportConnection> ConnectRawAsync(bool withCertificate) => ConnectRawAsync(withCertificate ? TestCertificates.Shared.Client : null);

    internal Task<TransportConnection> ConnectRawAsync(TlsIdentity? identity = null) => _engine.ConnectAsync(new ConnectOptions
    {
        RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, Port),
        ServerName = "localhost",
        ApplicationProtocols = [RawStreamProtocol.ApplicationProtocol],
        Tls = new ClientTlsOptions { Identity = identity, ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) },
        Limits = RawStreamProtocol.ClientLimits,
    }).WithTimeout();

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        await _engine.DisposeAsync();
        await _store.DisposeAsync();
    }

    private HttpMessageHandler CreateHandler(int version, TlsIdentity? identity) => version == 3
        ? new Http3Handler(new Http3HandlerOptions { Engine = _engine, Tls = new ClientTlsOptions { Identity = identity, ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) } })
        : new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.GetCertHashString() == TestCertificates.Shared.Server.Certificate.GetCertHashString(),
                ClientCertificateContext = identity is null ? null : SslStreamCertificateContext.Create(identity.Certificate, [.. identity.Intermediates], offline: true),
            },
        };

    private void Map(WebApplication application)
    {
        application.MapNetGrpc(AqlService.Definition, new AqlService(new AqlEngine(_store, TimeProvider.System), new HostAqlAccess()));
        application.MapGet("/page", static context => context.Response.WriteAsync(context.GetPrincipal()!.Id));
        application.MapPost("/secret/page", static context => context.Response.WriteAsync("secret"));
        application.MapNetStream("echo", new EchoHandler());
        application.MapNetStream("forbidden", new EchoHandler());
        application.MapNetStream("who", static async stream => await stream.Output.WriteAsync(System.Text.Encoding.UTF8.GetBytes(stream.Principal!.Id)));
    }
}
