using System.Net;
using System.Net.Http.Headers;
using Net.Client;
using Net.Security;
using Net.Testing;

namespace Net.IntegrationTests.Access;

/// <summary>Limits over plain HTTP: 429 with the time to wait, for each kind of limit, and for nobody else.</summary>
[TestClass]
public sealed class HttpLimitTests
{
    private AccessSite _site = null!;

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
    public async Task Rate_OfAPrincipal_IsRefusedUntilThePlaceThatRetryAfterNames(int version)
    {
        Limit(static admission => admission with { RatePerPrincipal = 1, BurstPerPrincipal = 2 });
        using HttpClient http = _site.CreateHttp(version);
        using HttpClient other = _site.CreateHttp(version, TestCertificates.Shared.Client);

        Assert.AreEqual((HttpStatusCode.OK, null), await GetAsync(http, _site.Key.Text));
        Assert.AreEqual((HttpStatusCode.OK, null), await GetAsync(http, _site.Key.Text));
        Assert.AreEqual((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)), await GetAsync(http, _site.Key.Text));
        Assert.AreEqual((HttpStatusCode.OK, null), await GetAsync(other, null), "Another principal has a rate of its own.");

        _site.Time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.AreEqual(HttpStatusCode.TooManyRequests, (await GetAsync(http, _site.Key.Text)).Status);
        _site.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.AreEqual((HttpStatusCode.OK, null), await GetAsync(http, _site.Key.Text));
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(2)]
    public async Task ConcurrentCalls_OfAPrincipal_AreRefusedUntilOneEnds(int version)
    {
        Limit(static admission => admission with { MaxConcurrentPerPrincipal = 1 });
        using HttpClient http = _site.CreateHttp(version);
        using HttpClient other = _site.CreateHttp(version, TestCertificates.Shared.Client);
        await using TransportConnection connection = await _site.ConnectRawAsync();
        RawStream held = await new RawStreamClient(connection)
            .OpenAsync("echo", new RawStreamOptions { Metadata = RawStreamMetadata.Create(("authorization", "Bearer " + _site.Key.Text)) }).AsTask().WithTimeout();
        await held.Output.WriteAsync(new byte[1]).AsTask().WithTimeout();
        held.Input.AdvanceTo((await held.Input.ReadAsync().AsTask().WithTimeout()).Buffer.End);

        Assert.AreEqual((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)), await GetAsync(http, _site.Key.Text), "A stream that is open is a call, whatever it goes over.");
        Assert.AreEqual((HttpStatusCode.OK, null), await GetAsync(other, null), "Another principal has places of its own.");
        await held.DisposeAsync();

        // The server learns of the end a moment after this side.
        using var limit = new CancellationTokenSource(TestDeadline.Limit);
        HttpStatusCode status;
        while ((status = (await GetAsync(http, _site.Key.Text)).Status) != HttpStatusCode.OK && !limit.IsCancellationRequested)
        {
            await Task.Delay(20);
        }

        Assert.AreEqual(HttpStatusCode.OK, status);
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(2)]
    public async Task FailedLogins_OfASource_AreThrottledAndWhoWasCheckedBeforeGoesOn(int version)
    {
        AccessOptions options = _site.Options();
        _site.Gate.Update(options with { Authentication = options.Authentication with { Throttle = new FailureThrottleOptions { MaxFailuresPerSource = 2, Recovery = TimeSpan.FromSeconds(6) } } });
        using HttpClient http = _site.CreateHttp(version);
        Assert.AreEqual((HttpStatusCode.OK, null), await GetAsync(http, _site.Key.Text));

        Assert.AreEqual((HttpStatusCode.Unauthorized, null), await GetAsync(http, ApiKey.Create().Text));
        Assert.AreEqual((HttpStatusCode.Unauthorized, null), await GetAsync(http, "nonsense"));
        Assert.AreEqual((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(6)), await GetAsync(http, ApiKey.Create().Text));
        Assert.AreEqual((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(6)), await GetAsync(http, _site.CreateToken()), "What is new is not looked at, good or bad.");
        Assert.AreEqual((HttpStatusCode.OK, null), await GetAsync(http, _site.Key.Text), "What was checked before goes on.");

        _site.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.AreEqual((HttpStatusCode.OK, null), await GetAsync(http, _site.CreateToken()));
        Assert.AreEqual((HttpStatusCode.Unauthorized, null), await GetAsync(http, ApiKey.Create().Text));
        Assert.AreEqual(HttpStatusCode.TooManyRequests, (await GetAsync(http, ApiKey.Create().Text)).Status);
    }

    private void Limit(Func<AdmissionOptions, AdmissionOptions> change) => _site.Gate.Update(_site.Options() with { Admission = change(_site.Options().Admission) });

    private static async Task<(HttpStatusCode Status, TimeSpan? RetryAfter)> GetAsync(HttpClient http, string? bearer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/page") { Version = http.DefaultRequestVersion, VersionPolicy = http.DefaultVersionPolicy };
        request.Headers.Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer);
        using HttpResponseMessage response = await http.SendAsync(request).WithTimeout();
        return (response.StatusCode, response.Headers.RetryAfter?.Delta);
    }
}
