using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Net.Aql;
using Net.Client;
using Net.Grpc;
using Net.Hosting.Services;
using Net.Protocol.Aql;
using Net.Protocol.Echo;
using Net.Security;
using Net.Testing;

namespace Net.IntegrationTests.Access;

/// <summary>Who calls and what they may do, asked alike over gRPC on HTTP/3 and HTTP/2, plain HTTP, and raw streams.</summary>
[TestClass]
public sealed partial class AccessTests
{
    private const string Denied = "The caller may not do this.";
    private const string Unknown = "The caller is not known: it showed no credentials, or they are not accepted.";
    private AccessSite _site = null!;

    private GrpcCallOptions Call => new() { Headers = new GrpcMetadata { { "authorization", "Bearer " + _site.Key.Text } } };

    [TestInitialize]
    public async Task StartAsync() => _site = await AccessSite.StartAsync();

    [TestCleanup]
    public async Task StopAsync()
    {
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(2)]
    public async Task Grpc_EachCaller_IsAnsweredWithItsStatus(int version)
    {
        using GrpcClient grpc = _site.CreateGrpc(version);
        var aql = new AqlClient(grpc);
        QueryRequest get = Request("get rows/1");

        Assert.AreEqual(QueryResponse.ResponseOneofCase.Result, await CaseAsync(aql.ExecuteQueryAsync(get, Call)));
        await RefusedAsync(GrpcStatusCode.Unauthenticated, Unknown, () => aql.ExecuteQueryAsync(get).AsTask());
        await RefusedAsync(GrpcStatusCode.Unauthenticated, Unknown, () => aql.ExecuteQueryAsync(get, With("Bearer " + ApiKey.Create().Text)).AsTask());
        await RefusedAsync(GrpcStatusCode.Unauthenticated, Unknown, () => aql.ExecuteQueryAsync(get, With("Bearer eyJhbGciOiJub25lIn0.e30.")).AsTask());
        await RefusedAsync(GrpcStatusCode.PermissionDenied, Denied, () => grpc.UnaryAsync(AqlMethods.GetServerInfo, new ServerInfoRequest(), Call).AsTask());
        await RefusedAsync(GrpcStatusCode.PermissionDenied, Denied, () => grpc.UnaryAsync(EchoMethods.Echo, new EchoRequest(), Call).AsTask());
        await RefusedAsync(GrpcStatusCode.Unauthenticated, Unknown, () => grpc.UnaryAsync(EchoMethods.Echo, new EchoRequest()).AsTask());
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(2)]
    public async Task Aql_ForbiddenAndMissingCollections_AreTheSame(int version)
    {
        using GrpcClient grpc = _site.CreateGrpc(version);
        var aql = new AqlClient(grpc);
        Assert.AreEqual(QueryResponse.ResponseOneofCase.Result, await CaseAsync(aql.ExecuteQueryAsync(Request("set rows/1 \"a\""), Call)));

        foreach (string query in new[] { "set other/1 \"a\"", "set Rows/1 \"a\"", "delete missing/1", "update other where key = 1 set value = \"x\"" })
        {
            await RefusedAsync(GrpcStatusCode.PermissionDenied, Denied, () => aql.ExecuteQueryAsync(Request(query), Call).AsTask());
        }

        var batch = new BatchRequest { Queries = { AqlText.Parse("set rows/2 \"b\""), AqlText.Parse("set other/2 \"b\"") } };
        await RefusedAsync(GrpcStatusCode.PermissionDenied, Denied, () => aql.ExecuteBatchAsync(batch, Call).AsTask());
        QueryResponse after = await aql.ExecuteQueryAsync(Request("get rows/2"), Call).AsTask().WithTimeout();
        Assert.IsNull(after.Result.Single.Value, "Nothing of a batch that is refused takes effect.");
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(2)]
    public async Task Limits_OverTheRate_SayHowLongToWait(int version)
    {
        using GrpcClient grpc = _site.CreateGrpc(version);
        using HttpClient http = _site.CreateHttp(version);
        _site.Gate.Update(_site.Options() with { Admission = new AdmissionOptions { RatePerPrincipal = 1, BurstPerPrincipal = 1 } });
        var aql = new AqlClient(grpc);
        await aql.ExecuteQueryAsync(Request("get rows/1"), Call).AsTask().WithTimeout();

        GrpcException refused = await RefusedAsync(GrpcStatusCode.ResourceExhausted, "The caller has reached a limit. Try again later.", () => aql.ExecuteQueryAsync(Request("get rows/1"), Call).AsTask());
        Assert.AreEqual("1000", refused.Trailers.Get("grpc-retry-pushback-ms"));
        using HttpResponseMessage page = await SendAsync(http, "/page", _site.Key.Text);
        Assert.AreEqual(HttpStatusCode.TooManyRequests, page.StatusCode);
        Assert.AreEqual(TimeSpan.FromSeconds(1), page.Headers.RetryAfter!.Delta);

        _site.Time.Advance(TimeSpan.FromSeconds(1));
        await aql.ExecuteQueryAsync(Request("get rows/1"), Call).AsTask().WithTimeout();
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(2)]
    public async Task Http_EachCallerAndPath_IsAnsweredWithItsStatus(int version)
    {
        using HttpClient http = _site.CreateHttp(version);
        using HttpResponseMessage good = await SendAsync(http, "/page", _site.Key.Text);
        Assert.AreEqual("key:billing", await good.Content.ReadAsStringAsync());

        using HttpResponseMessage nobody = await SendAsync(http, "/page", null);
        Assert.AreEqual(HttpStatusCode.Unauthorized, nobody.StatusCode);
        Assert.AreEqual("Bearer", nobody.Headers.WwwAuthenticate.Single().Scheme);
        foreach ((string path, HttpStatusCode expected) in new[]
        {
            ("/PAGE/", HttpStatusCode.OK), ("/page%2f", HttpStatusCode.Forbidden), ("//page", HttpStatusCode.Forbidden), ("/%70age", HttpStatusCode.OK), ("/secret/page", HttpStatusCode.Forbidden),
            ("/missing", HttpStatusCode.Forbidden), ("/page/..%2fsecret", HttpStatusCode.Forbidden), ("/page%5c", HttpStatusCode.Forbidden),
        })
        {
            using HttpResponseMessage response = await SendAsync(http, path, _site.Key.Text);
            Assert.IsTrue(response.StatusCode == expected || (expected == HttpStatusCode.Forbidden && response.StatusCode == HttpStatusCode.BadRequest), $"{path}: {response.StatusCode}");
        }
    }

    [TestMethod]
    public async Task Http_ContentTypeOfGrpcOnAPlainPath_OpensNothing()
    {
        // Otherwise a right for gRPC methods would be one for every POST of two segments.
        using HttpClient http = _site.CreateHttp(2);
        AccessOptions options = _site.Options();
        _site.Gate.Update(options with { Authorization = new AuthorizationOptions { Roles = new Dictionary<string, RoleOptions> { ["app"] = new() { Allow = ["grpc:*"] } } } });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/secret/page") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Content = new ByteArrayContent([]) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _site.Key.Text);

        using HttpResponseMessage response = await http.SendAsync(request).WithTimeout();

        Assert.AreEqual("", await response.Content.ReadAsStringAsync());
        Assert.AreEqual("7", response.Headers.GetValues("grpc-status").Single());
    }

    [TestMethod]
    public async Task Raw_EachCallerAndRoute_IsAnsweredWithItsCode()
    {
        await using TransportConnection plain = await _site.ConnectRawAsync();
        await using TransportConnection withCertificate = await _site.ConnectRawAsync(withCertificate: true);
        string bearer = "Bearer " + _site.Key.Text;

        Assert.AreEqual("key:billing", await ReadAsync(plain, "who", bearer));
        Assert.AreEqual("certificate:machine", await ReadAsync(withCertificate, "who", null));
        Assert.AreEqual("key:billing", await ReadAsync(withCertificate, "who", bearer), "The credential goes before the certificate.");
        Assert.AreEqual(RawStreamErrorCodes.Unauthenticated, await CodeAsync(plain, "who", null));
        Assert.AreEqual(RawStreamErrorCodes.Unauthenticated, await CodeAsync(withCertificate, "who", "Bearer nonsense"), "A bad credential is not made good by a certificate.");
        Assert.AreEqual(RawStreamErrorCodes.Unauthenticated, await CodeAsync(withCertificate, "who", bearer, bearer));
        Assert.AreEqual(RawStreamErrorCodes.PermissionDenied, await CodeAsync(plain, "forbidden", bearer));
        Assert.AreEqual(RawStreamErrorCodes.PermissionDenied, await CodeAsync(plain, "missing", bearer));
    }

    [TestMethod]
    public async Task Raw_CredentialExpiresWhileTheStreamIsIdle_CutsIt()
    {
        await using TransportConnection connection = await _site.ConnectRawAsync();
        await using RawStream stream = await OpenAsync(connection, "echo", "Bearer " + _site.Key.Text);
        await stream.Output.WriteAsync(Encoding.UTF8.GetBytes("a"));
        ReadResult read = await stream.Input.ReadAsync().AsTask().WithTimeout();
        stream.Input.AdvanceTo(read.Buffer.End);

        _site.Time.Advance(TimeSpan.FromHours(1));

        TransportException cut = await Assert.ThrowsExactlyAsync<TransportException>(() => stream.Input.ReadAsync().AsTask().WithTimeout());
        Assert.AreEqual(RawStreamErrorCodes.Unauthenticated, cut.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Raw_MoreConnectionsThanAPrincipalMayHave_AreRefusedUntilOneEnds()
    {
        _site.Gate.Update(_site.Options() with { Admission = new AdmissionOptions { RatePerPrincipal = null, MaxConnectionsPerPrincipal = 1 } });
        string bearer = "Bearer " + _site.Key.Text;
        await using TransportConnection first = await _site.ConnectRawAsync();
        await using TransportConnection second = await _site.ConnectRawAsync();
        Assert.AreEqual("key:billing", await ReadAsync(first, "who", bearer));
        Assert.AreEqual(RawStreamErrorCodes.Overloaded, await CodeAsync(second, "who", bearer));

        await first.CloseAsync(RawStreamErrorCodes.NoError, "", CancellationToken.None);

        // The server learns of the close a moment after this side.
        using var limit = new CancellationTokenSource(TestDeadline.Limit);
        while (!limit.IsCancellationRequested)
        {
            try
            {
                Assert.AreEqual("key:billing", await ReadAsync(second, "who", bearer));
                return;
            }
            catch (TransportException refused) when (refused.ApplicationErrorCode == RawStreamErrorCodes.Overloaded)
            {
                // Slower than the limit of resets, which each refusal counts towards.
                await Task.Delay(20);
            }
        }

        Assert.Fail("The place of a connection that has ended was not given back.");
    }

    private static GrpcCallOptions With(string authorization) => new() { Headers = new GrpcMetadata { { "authorization", authorization } } };

    private static QueryRequest Request(string text) => new() { Query = AqlText.Parse(text) };

    private static async Task<QueryResponse.ResponseOneofCase> CaseAsync(ValueTask<QueryResponse> call) => (await call.AsTask().WithTimeout()).ResponseCase;

    private static async Task<GrpcException> RefusedAsync(GrpcStatusCode code, string message, Func<Task> call)
    {
        GrpcException refused = await Assert.ThrowsExactlyAsync<GrpcException>(() => call().WithTimeout());
        Assert.AreEqual((code, message), (refused.Code, refused.Status.Message));
        return refused;
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient http, string path, string? key)
    {
        // As it is written: the parser of URIs would take dot segments and escapes away.
        var uri = new Uri($"{http.BaseAddress!.GetLeftPart(UriPartial.Authority)}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var request = new HttpRequestMessage(HttpMethod.Get, uri) { Version = http.DefaultRequestVersion, VersionPolicy = http.DefaultVersionPolicy };
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return await http.SendAsync(request).WithTimeout();
    }

    private static async Task<RawStream> OpenAsync(TransportConnection connection, string route, params string?[]? authorizations)
    {
        RawStreamMetadata metadata = RawStreamMetadata.Empty;
        foreach (string authorization in (authorizations ?? []).OfType<string>())
        {
            metadata = metadata.Add("authorization", authorization);
        }

        return await new RawStreamClient(connection).OpenAsync(route, new RawStreamOptions { Metadata = metadata }).AsTask().WithTimeout();
    }

    private static async Task<string> ReadAsync(TransportConnection connection, string route, params string?[]? authorizations)
    {
        await using RawStream stream = await OpenAsync(connection, route, authorizations);
        await stream.Output.CompleteAsync();
        var text = new StringBuilder();
        while (true)
        {
            ReadResult read = await stream.Input.ReadAsync().AsTask().WithTimeout();
            text.Append(Encoding.UTF8.GetString(read.Buffer));
            stream.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return text.ToString();
            }
        }
    }

    private static async Task<long?> CodeAsync(TransportConnection connection, string route, params string?[]? authorizations) =>
        (await Assert.ThrowsExactlyAsync<TransportException>(() => ReadAsync(connection, route, authorizations))).ApplicationErrorCode;
}
