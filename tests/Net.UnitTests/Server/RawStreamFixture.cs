using System.Net;
using Net.Client;
using Net.Server;
using Net.Testing;

namespace Net.UnitTests.Server;

/// <summary>A server and one client's connection to it, in memory and under a clock that the test moves.</summary>
internal sealed class RawStreamFixture : IAsyncDisposable
{
    private readonly MemoryNetwork _network;
    private readonly MemoryEngine _engine;
    private readonly IPEndPoint _endPoint;

    private RawStreamFixture(MemoryNetwork network, MemoryEngine engine, NetServer server, IPEndPoint endPoint, ManualTimeProvider time, LogRecorder log)
    {
        _network = network;
        _engine = engine;
        Server = server;
        _endPoint = endPoint;
        Time = time;
        Log = log;
    }

    internal ManualTimeProvider Time { get; }

    internal LogRecorder Log { get; }

    internal NetServer Server { get; }

    internal TransportConnection Connection { get; private set; } = null!;

    internal RawStreamClient Client { get; private set; } = null!;

    internal static async Task<RawStreamFixture> StartAsync(Action<NetServerBuilder> configure)
    {
        var time = new ManualTimeProvider();
        var log = new LogRecorder();
        var network = new MemoryNetwork(time);
        var engine = new MemoryEngine(network);
        NetServerBuilder builder = new NetServerBuilder().UseTimeProvider(time).UseLoggerFactory(log);
        configure(builder);
        NetServer server = builder.Build();
        var tls = new ServerTlsOptions
        {
            Identity = TestCertificates.Shared.Server,
            ClientCertificateMode = ClientCertificateMode.Required,
            ClientCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots),
        };
        IPEndPoint endPoint = await server.ListenAsync(engine, new ListenOptions
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            ApplicationProtocols = server.ApplicationProtocols,
            Tls = (in ClientHello _) => tls,
            IdleTimeout = Timeout.InfiniteTimeSpan,
        });
        var fixture = new RawStreamFixture(network, engine, server, endPoint, time, log);
        if (server.ApplicationProtocols.Contains(RawStreamProtocol.ApplicationProtocol))
        {
            fixture.Connection = await fixture.ConnectAsync(RawStreamProtocol.ApplicationProtocol);
            fixture.Client = new RawStreamClient(fixture.Connection, timeProvider: time);
        }

        return fixture;
    }

    internal Task<TransportConnection> ConnectAsync(string applicationProtocol) => _engine.ConnectAsync(new ConnectOptions
    {
        RemoteEndPoint = _endPoint,
        ServerName = "localhost",
        ApplicationProtocols = [applicationProtocol],
        Tls = new ClientTlsOptions { Identity = TestCertificates.Shared.Client, ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) },
        IdleTimeout = Timeout.InfiniteTimeSpan,
    }).WithTimeout();

    /// <summary>Opens a QUIC stream and writes what the test wants, header or not.</summary>
    internal async Task<TransportStream> OpenBareStreamAsync(ReadOnlyMemory<byte> bytes)
    {
        TransportStream stream = await Connection.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await stream.Output.WriteAsync(bytes).WithTimeout();
        return stream;
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _engine.DisposeAsync();
        _network.Dispose();
    }
}
