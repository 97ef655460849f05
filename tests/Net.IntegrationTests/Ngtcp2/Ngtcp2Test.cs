using System.Net;
using Microsoft.Extensions.Logging;
using Net.IntegrationTests.Setup;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Loop;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>What the tests of the ngtcp2 engine share: engines, servers and connections on loopback that end with the test.</summary>
public abstract class Ngtcp2Test
{
    internal const string Protocol = "test/1";
    private readonly List<IAsyncDisposable> _owned = [];

    public TestContext TestContext { get; set; } = null!;

    internal CollectedLog Log { get; } = new();

    /// <summary>Trusts what the shared certificates lead to.</summary>
    internal static CertificateTrust Trust { get; } = new(TestCertificates.Shared.Roots);

    /// <summary>Server options without client certificates.</summary>
    internal static ServerTlsOptions PlainServerTls { get; } = new() { Identity = TestCertificates.Shared.Server };

    /// <summary>Server options that ask for a client certificate.</summary>
    internal static ServerTlsOptions MutualServerTls { get; } = new()
    {
        Identity = TestCertificates.Shared.Server,
        ClientCertificateMode = ClientCertificateMode.Required,
        ClientCertificatePolicy = Trust,
    };

    [TestInitialize]
    public void RequireLibraries()
    {
        NativeLibraryProbe probe = NativeLibraries.Probe();
        if (!probe.IsSupported)
        {
            SetupRequirement.Missing(probe.Reason!);
        }
    }

    [TestCleanup]
    public async Task DisposeOwned()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            await _owned[i].DisposeAsync().WithTimeout();
        }

        foreach (LogEntry entry in Log.Entries.Where(static e => e.Level >= LogLevel.Error))
        {
            Assert.Fail($"The engine logged {entry.Event}: {entry.Text} {entry.Exception}");
        }
    }

    internal T Own<T>(T value)
        where T : IAsyncDisposable
    {
        // Tests connect several clients at once.
        lock (_owned)
        {
            _owned.Add(value);
        }

        return value;
    }

    internal Ngtcp2Engine NewEngine(Func<Ngtcp2EngineOptions, Ngtcp2EngineOptions>? change = null)
    {
        var options = new Ngtcp2EngineOptions { LoggerFactory = Log };
        return Own(new Ngtcp2Engine(change is null ? options : change(options)));
    }

    internal static ListenOptions ListenOn(string address, ServerTlsOptions? tls = null, int port = 0)
    {
        IPAddress local = IPAddress.Parse(address);
        SetupRequirement.Loopback(local);
        ServerTlsOptions chosen = tls ?? PlainServerTls;
        return new ListenOptions
        {
            ApplicationProtocols = [Protocol],
            LocalEndPoint = new IPEndPoint(local, port),
            Tls = (in ClientHello _) => chosen,
        };
    }

    /// <summary>Client options that show the shared client certificate if asked.</summary>
    internal static ConnectOptions ConnectTo(EndPoint remote, ClientTlsOptions? tls = null) => new()
    {
        ApplicationProtocols = [Protocol],
        RemoteEndPoint = remote,
        ServerName = "localhost",
        Tls = tls ?? new ClientTlsOptions { ServerCertificatePolicy = Trust, Identity = TestCertificates.Shared.Client },
    };

    internal async Task<EchoServer> ListenAsync(Ngtcp2Engine engine, ListenOptions options) => Own(await EchoServer.StartAsync(engine, options));

    /// <summary>Opens a connection and finds the server's side of it.</summary>
    internal async Task<(TransportConnection Client, TransportConnection Server)> ConnectAsync(
        Ngtcp2Engine engine, EchoServer server, Func<ConnectOptions, ConnectOptions>? change = null)
    {
        ConnectOptions options = ConnectTo(server.EndPoint);
        TransportConnection client = Own(await engine.ConnectAsync(change is null ? options : change(options)).WithTimeout());
        return (client, await server.NextConnectionAsync());
    }

    /// <summary>Runs something on a loop's own thread, which alone may look at its driver.</summary>
    internal static Task<T> OnLoop<T>(UdpLoop loop, Func<EndpointDriver, T> look)
    {
        var work = new Look<T>(loop, look);
        loop.Post(work);
        return work.Task;
    }

    /// <summary>Connections and ids that a group of loops still knows, those in their closing period included.</summary>
    internal static async Task<(int Connections, int Ids)> CountAsync(IEnumerable<UdpLoop> loops)
    {
        int connections = 0;
        int ids = 0;
        foreach (UdpLoop loop in loops)
        {
            (int c, int i) = await OnLoop(loop, static driver => (driver.ConnectionCount, driver.IdCount)).WithTimeout();
            connections += c;
            ids += i;
        }

        return (connections, ids);
    }

    private sealed class Look<T>(UdpLoop loop, Func<EndpointDriver, T> look)
        : TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously), IDriverWork
    {
        public void Run()
        {
            try
            {
                TrySetResult(look(loop.Driver));
            }
            catch (Exception exception)
            {
                TrySetException(exception);
            }
        }

        public void Drop() => TrySetException(new ObjectDisposedException(nameof(UdpLoop)));
    }
}
