using System.Net;
using System.Globalization;
using System.Security.Cryptography;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Interop;

/// <summary>gtlsclient as the client of our listener, over real UDP: it exits with 0 even when it failed, so that the files it downloaded are looked at.</summary>
public abstract class GtlsClientTests : IDisposable
{
    private const string FileName = "file.bin";
    private static InteropCertificates s_certificates = null!;
    private static byte[] s_body = null!;
    private readonly TemporaryDirectory _files = new();

    /// <summary>The address that both ends use.</summary>
    private protected abstract IPAddress Loopback { get; }

    [ClassInitialize(InheritanceBehavior.BeforeEachDerivedClass)]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        GtlsPeer.ClientProgram();
        s_certificates = await InteropCertificates.MakeAsync();
        s_body = RandomNumberGenerator.GetBytes(1_000_003);
    }

    [ClassCleanup(InheritanceBehavior.BeforeEachDerivedClass)]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    [TestInitialize]
    public void RequireAddress() => SetupRequirement.Loopback(Loopback);

    public void Dispose()
    {
        _files.Dispose();
        GC.SuppressFinalize(this);
    }

    [TestMethod]
    public async Task Get_AFile_GivesItsBytes()
    {
        await using InteropListener listener = await ListenAsync();

        await FetchAsync(listener, "-q");

        TransportConnection connection = await listener.NextAsync();
        Assert.AreEqual(Http3.Protocol, connection.ApplicationProtocol);
        Assert.AreEqual("localhost", connection.ServerName);
        Assert.AreEqual(QuicVersion.Version1, connection.Version);
    }

    [TestMethod]
    public async Task Get_AFileThroughLoss_GivesItsBytes()
    {
        await using InteropListener listener = await ListenAsync();

        await FetchAsync(listener, "-q", "-t", "0.1", "-r", "0.1");
    }

    [TestMethod]
    [DataRow("v2", QuicVersion.Version2, QuicVersion.Version1, QuicVersion.Version2, DisplayName = "version 2 from the start")]
    [DataRow("v1", QuicVersion.Version2, QuicVersion.Version1, QuicVersion.Version2, DisplayName = "version 1, moved to 2 by our side")]
    [DataRow("v2", QuicVersion.Version1, QuicVersion.Version2, QuicVersion.Version1, DisplayName = "version 2, moved to 1 by our side")]
    public async Task Version_AnyTwo_EndsAtWhatOurSidePrefers(string first, QuicVersion preferred, QuicVersion other, QuicVersion spoken)
    {
        await using InteropListener listener = await ListenAsync(adjust: options => options with { Versions = [preferred, other] });

        await FetchAsync(listener, "-q", "-v", first, "--available-versions=v1,v2");

        Assert.AreEqual(spoken, (await listener.NextAsync()).Version);
        Assert.AreEqual(0, listener.State.VersionNegotiations);
    }

    [TestMethod]
    public async Task Version_ThatWeDoNotSpeak_IsNegotiated()
    {
        await using InteropListener listener = await ListenAsync(adjust: static options => options with { Versions = [QuicVersion.Version1] });

        await FetchAsync(listener, "-q", "-v", "v2", "--preferred-versions=v2,v1", "--available-versions=v2,v1");

        Assert.AreEqual(QuicVersion.Version1, (await listener.NextAsync()).Version);
        Assert.AreEqual(1, listener.State.VersionNegotiations);
    }

    [TestMethod]
    public async Task KeyUpdate_ByTheClient_DisturbsNothing()
    {
        await using InteropListener listener = await ListenAsync();

        // The request itself waits until the keys are new.
        string output = await FetchAsync(listener, "--key-update=1ms", "--delay-stream=300ms");

        Assert.Contains("Initiate key update", output);
    }

    [TestMethod]
    public async Task Migration_InTheMiddleOfAResponse_IsFollowed()
    {
        TaskCompletionSource<PathChangedEventArgs> moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using InteropListener listener = await ListenAsync(connection =>
        {
            connection.PathChanged += (_, path) => moved.TrySetResult(path);

            // The response trickles until the client has moved, so that it is in the middle of it and has something to acknowledge from the new address.
            return Http3.ServeAsync(connection, s_body, _ => moved.Task.IsCompleted ? Task.CompletedTask : Task.Delay(TimeSpan.FromMilliseconds(5)));
        });

        await FetchAsync(listener, "-q", "--change-local-addr=100ms");

        await AssertMovedAsync(listener, moved.Task);
    }

    [TestMethod]
    public async Task NatRebinding_BeforeTheRequest_IsFollowed()
    {
        TaskCompletionSource<PathChangedEventArgs> moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using InteropListener listener = await ListenAsync(connection =>
        {
            connection.PathChanged += (_, path) => moved.TrySetResult(path);
            return Http3.ServeAsync(connection, s_body);
        });

        // The client does not know that its address changed: nothing tells the server but the next packet, which is the request.
        await FetchAsync(listener, "-q", "--change-local-addr=100ms", "--nat-rebinding", "--delay-stream=300ms");

        await AssertMovedAsync(listener, moved.Task);
    }

    [TestMethod]
    public async Task Resumption_WithEarlyData_TakesTheRequestEarly()
    {
        HashSet<(long Connection, bool IsEarly)> early = [];
        await using InteropListener listener = await ListenAsync(
            connection => Http3.ServeAsync(connection, s_body, stream =>
            {
                early.Add((connection.Id, stream.IsEarlyData));
                return Task.CompletedTask;
            }),
            adjustTls: static tls => tls with { AllowEarlyData = true });
        string session = $"--session-file={_files.Combine("session")}";
        string parameters = $"--tp-file={_files.Combine("parameters")}";

        await FetchAsync(listener, session, parameters, "--wait-for-ticket", "-q");
        string output = await FetchAsync(listener, session, parameters);

        Assert.DoesNotContain("Early data was rejected", output);
        TransportConnection first = await listener.NextAsync();
        TransportConnection second = await listener.NextAsync();
        Assert.IsFalse(first.IsResumed);
        Assert.IsTrue(second.IsResumed);
        Assert.AreEqual(EarlyDataStatus.Accepted, second.EarlyData);
        Assert.IsTrue(early.SetEquals([(first.Id, false), (second.Id, true)]), string.Join(", ", early));
    }

    [TestMethod]
    public async Task Resumption_EarlyDataNotAllowed_ServesTheRequestAfterTheHandshake()
    {
        await using InteropListener listener = await ListenAsync();
        string session = $"--session-file={_files.Combine("session")}";
        string parameters = $"--tp-file={_files.Combine("parameters")}";

        await FetchAsync(listener, session, parameters, "--wait-for-ticket", "-q");
        await FetchAsync(listener, session, parameters, "-q");

        await listener.NextAsync();
        TransportConnection second = await listener.NextAsync();
        Assert.IsTrue(second.IsResumed);
        Assert.AreEqual(EarlyDataStatus.None, second.EarlyData);
    }

    [TestMethod]
    public async Task Token_OfAnEarlierVisit_SparesTheRetry()
    {
        await using InteropListener listener = await ListenAsync(adjust: static options => options with { RetryThreshold = 0 });
        string token = $"--token-file={_files.Combine("token")}";

        await FetchAsync(listener, token, "-q");
        Assert.AreEqual(1, listener.State.Retries);
        await FetchAsync(listener, token, "-q");

        Assert.AreEqual(1, listener.State.Retries, "the token of the first visit was not taken");
    }

    [TestMethod]
    public async Task ClientCertificate_Required_IsAskedForAndJudged()
    {
        await using InteropListener listener = await ListenAsync(adjustTls: static tls => tls with
        {
            ClientCertificateMode = ClientCertificateMode.Required,
            ClientCertificatePolicy = s_certificates.Trust,
        });

        await FetchAsync(listener, "-q", $"--cert={s_certificates.PathOf("client")}", $"--key={s_certificates.KeyPathOf("client")}");
        Assert.AreEqual("CN=client", (await listener.NextAsync()).PeerCertificate!.Subject);

        using HandshakeFailures failures = new();
        await GtlsPeer.RunClientAsync(listener.EndPoint, "/refused.bin", _files.Path, "-q");
        Assert.AreEqual(nameof(TransportError.CertificateRejected), await failures.NextAsync());
        Assert.IsFalse(File.Exists(_files.Combine("refused.bin")) && new FileInfo(_files.Combine("refused.bin")).Length > 0, "a client without a certificate was served");
    }

    private Task<InteropListener> ListenAsync(
        Func<TransportConnection, Task>? serve = null, Func<ListenOptions, ListenOptions>? adjust = null, Func<ServerTlsOptions, ServerTlsOptions>? adjustTls = null) =>
        InteropListener.StartAsync(
            s_certificates,
            serve ?? (static connection => Http3.ServeAsync(connection, s_body)),
            options =>
            {
                options = options with { ApplicationProtocols = [Http3.Protocol], LocalEndPoint = new IPEndPoint(Loopback, 0) };
                return adjust?.Invoke(options) ?? options;
            },
            tls =>
            {
                tls = tls with { ClientCertificateMode = ClientCertificateMode.None, ClientCertificatePolicy = null };
                return adjustTls?.Invoke(tls) ?? tls;
            });

    private async Task<string> FetchAsync(InteropListener listener, params string[] options)
    {
        string file = _files.Combine(FileName);
        File.Delete(file);
        string output = await GtlsPeer.RunClientAsync(listener.EndPoint, "/" + FileName, _files.Path, options);
        Assert.IsTrue(File.Exists(file), "nothing was downloaded\n" + output);
        byte[] body = await File.ReadAllBytesAsync(file);
        Assert.IsTrue(s_body.AsSpan().SequenceEqual(body), string.Create(CultureInfo.InvariantCulture, $"{body.Length} of {s_body.Length} bytes came, or other ones\n{output}"));
        return output;
    }

    private static async Task AssertMovedAsync(InteropListener listener, Task<PathChangedEventArgs> moved)
    {
        PathChangedEventArgs path = await moved.WithTimeout();
        Assert.IsTrue(path.IsValidated);
        await listener.NextAsync();
        Assert.IsFalse(listener.TryNext(out _), "the client made another connection");
    }
}
