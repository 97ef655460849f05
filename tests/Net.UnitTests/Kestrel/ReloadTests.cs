using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>End points of Kestrel's configuration that change while it runs: the old port is given back, the new one bound, and nobody else is disturbed.</summary>
[TestClass]
public sealed class ReloadTests
{
    private const string Section = "Kestrel:Endpoints:Moving:";
    private const long NoError = 0x100;
    private static readonly IPEndPoint Old = new(IPAddress.Loopback, 5001);
    private static readonly IPEndPoint New = new(IPAddress.Loopback, 5002);

    [TestMethod]
    public async Task EndPoint_ThatMoves_IsServedAtItsNewPortOnly()
    {
        IConfigurationRoot configuration = MakeConfiguration();
        await using MemorySite site = await StartAsync(configuration);
        await using Http3Peer bystander = await site.ConnectAsync(endPoint: Fixed(site));
        await using Http3Peer before = await site.ConnectAsync(endPoint: Old);
        Assert.AreEqual("nobody", (await before.GetAsync("/who")).Text);
        Assert.AreEqual("nobody", (await bystander.GetAsync("/who")).Text);

        MoveTo(configuration, New.Port);

        Assert.AreEqual(NoError, (await before.Connection.Closed.WithTimeout()).ApplicationErrorCode);
        await UntilAsync(() => site.Status.EndPoints.Contains(New), "the new port is bound");
        await using Http3Peer after = await site.ConnectAsync(endPoint: New);
        Assert.AreEqual("nobody", (await after.GetAsync("/who")).Text);
        TransportException gone = await Assert.ThrowsExactlyAsync<TransportException>(() => site.ConnectAsync("h3", endPoint: Old));
        Assert.AreEqual(TransportError.ConnectFailed, gone.Error);
        Assert.AreEqual("nobody", (await bystander.GetAsync("/who")).Text);
        Assert.HasCount(2, site.Status.EndPoints);
    }

    [TestMethod]
    public async Task EndPoint_ThatMovesUnderARequest_LetsItFinish()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        IConfigurationRoot configuration = MakeConfiguration();
        await using MemorySite site = await StartAsync(configuration, application => application.MapGet("/wait", async context =>
        {
            started.SetResult();
            await release.Task;
            await context.Response.WriteAsync("finished");
        }));
        await using Http3Peer peer = await site.ConnectAsync(endPoint: Old);
        Http3Exchange exchange = await peer.BeginGetAsync("/wait");
        await started.Task.WithTimeout();

        MoveTo(configuration, New.Port);

        (long type, _) = (await (await peer.Control).ReadFrameAsync())!.Value;
        Assert.AreEqual(Http3Bytes.GoAway, type);
        release.SetResult();
        Assert.AreEqual("finished", (await exchange.ReadResponseAsync()).Text);
        await UntilAsync(() => site.Status.EndPoints.Contains(New), "the new port is bound");
        await using Http3Peer after = await site.ConnectAsync(endPoint: New);
        Assert.AreEqual("nobody", (await after.GetAsync("/who")).Text);
    }

    [TestMethod]
    public async Task EndPoint_ThatChangesAtItsPort_IsBoundThereAgain()
    {
        IConfigurationRoot configuration = MakeConfiguration();
        await using MemorySite site = await StartAsync(configuration);
        TlsIdentity identity = TestCertificates.Shared.Client;
        await using Http3Peer before = await site.ConnectAsync(identity, endPoint: Old);
        Assert.AreEqual("nobody", (await before.GetAsync("/who")).Text);

        configuration[Section + "ClientCertificateMode"] = "AllowCertificate";
        configuration.Reload();

        await before.Connection.Closed.WithTimeout();
        await UntilAsync(() => site.Log.Entries.Count(static entry => entry.Id.Name == "Listening") == 3, "the port is bound again");
        await using Http3Peer after = await site.ConnectAsync(identity, endPoint: Old);
        Assert.AreEqual(identity.Certificate.Subject, (await after.GetAsync("/who")).Text);
    }

    [TestMethod]
    public async Task EndPoint_ThatMovesToATakenPort_IsToldAndCanMoveOn()
    {
        IConfigurationRoot configuration = MakeConfiguration();
        await using MemorySite site = await StartAsync(configuration);
        IPEndPoint taken = Fixed(site);
        await using Http3Peer bystander = await site.ConnectAsync(endPoint: taken);
        await bystander.GetAsync("/who");

        MoveTo(configuration, taken.Port);

        await UntilAsync(() => site.Log.Entries.Any(static entry => entry.Level >= LogLevel.Error), "the failure is told");
        (_, _, string message, Exception? failure) = site.Log.Entries.First(static entry => entry.Level >= LogLevel.Error);
        Assert.Contains($"{taken}", $"{message} {failure}");
        Assert.AreEqual("nobody", (await bystander.GetAsync("/who")).Text);

        MoveTo(configuration, New.Port);
        await UntilAsync(() => site.Status.EndPoints.Contains(New), "the new port is bound");
        await using Http3Peer after = await site.ConnectAsync(endPoint: New);
        Assert.AreEqual("nobody", (await after.GetAsync("/who")).Text);
    }

    private static IConfigurationRoot MakeConfiguration() => new ConfigurationBuilder()
        .AddInMemoryCollection([new(Section + "Url", $"https://{Old}"), new(Section + "Protocols", nameof(HttpProtocols.Http3))])
        .Build();

    private static void MoveTo(IConfigurationRoot configuration, int port)
    {
        configuration[Section + "Url"] = $"https://127.0.0.1:{port}";
        configuration.Reload();
    }

    private static IPEndPoint Fixed(MemorySite site) => site.Status.EndPoints.Single(static endPoint => endPoint.Port != Old.Port && endPoint.Port != New.Port);

    private static Task<MemorySite> StartAsync(IConfiguration configuration, Action<WebApplication>? map = null) => MemorySite.StartAsync(
        application =>
        {
            application.MapGet("/who", static context => context.Response.WriteAsync(context.Connection.ClientCertificate?.Subject ?? "nobody"));
            map?.Invoke(application);
        },
        server: options =>
        {
            options.ConfigureHttpsDefaults(static https =>
            {
                https.ServerCertificate = MemorySite.Https.ServerCertificate;
                https.ServerCertificateChain = MemorySite.Https.ServerCertificateChain;
                https.ClientCertificateValidation = static (_, _, _) => true;
            });
            options.Configure(configuration.GetSection("Kestrel"), reloadOnChange: true);
        });

    private static async Task UntilAsync(Func<bool> isSo, string awaited)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (!isSo())
        {
            Assert.IsLessThan(TestDeadline.Limit, TimeProvider.System.GetElapsedTime(started), awaited);
            await Task.Yield();
        }
    }
}
