using System.Collections.Concurrent;
using System.Net;
using Net.Http3;
using Net.Http3.Interop;
using Net.Testing;
using Net.UnitTests.Ngtcp2.Interop;
using Net.UnitTests.Server;

namespace Net.UnitTests.Http3;

/// <summary>An HTTP/3 client and a server written by hand, on one connection in memory.</summary>
internal sealed class Http3Fixture : IAsyncDisposable
{
    private readonly MemoryNetwork _network;
    private readonly MemoryEngine _engine;
    private readonly TransportListener _listener;
    private readonly ConcurrentDictionary<long, TaskCompletionSource> _read;
    private readonly QpackDecoder _serverDecoder = new(0, 0, static _ => { });

    private Http3Fixture(
        MemoryNetwork network, MemoryEngine engine, TransportListener listener, TransportConnection server, Http3Connection client, ConcurrentQueue<TransportStream> opened,
        ConcurrentDictionary<long, TaskCompletionSource> read, LogRecorder log)
    {
        _network = network;
        _engine = engine;
        _listener = listener;
        Server = server;
        Client = client;
        Opened = opened;
        _read = read;
        Log = log;
    }

    internal TransportConnection Server { get; }

    internal Http3Connection Client { get; }

    /// <summary>All streams that either side has opened, as their opener holds them.</summary>
    internal ConcurrentQueue<TransportStream> Opened { get; }

    internal LogRecorder Log { get; }

    /// <summary>The server's control stream, once begun.</summary>
    internal TransportStream? Control { get; private set; }

    internal static async Task<Http3Fixture> StartAsync(
        Func<Http3ConnectionOptions, Http3ConnectionOptions>? change = null, TransportLimits? serverLimits = null, TimeProvider? time = null, bool sendSettings = true)
    {
        if (!Http3Connection.Support.IsSupported)
        {
            NativeRequirement.Missing(Http3Connection.Support.Reason!);
        }

        var log = new LogRecorder();
        var network = new MemoryNetwork(time);
        var opened = new ConcurrentQueue<TransportStream>();
        var read = new ConcurrentDictionary<long, TaskCompletionSource>();
        var engine = new MemoryEngine(network, new MemoryEngineOptions
        {
            StreamOpened = opened.Enqueue,
            StreamConsumed = stream => FirstRead(read, stream.Id).TrySetResult(),
        });
        var tls = new ServerTlsOptions { Identity = TestCertificates.Shared.Server };
        TransportListener listener = await engine.ListenAsync(new ListenOptions
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            ApplicationProtocols = [Http3Connection.ApplicationProtocol],
            Tls = (in ClientHello _) => tls,
            Limits = serverLimits ?? TransportLimits.Default,
            IdleTimeout = Timeout.InfiniteTimeSpan,
            HandshakeTimeout = TestDeadline.Limit,
        });
        Task<TransportConnection?> accept = listener.AcceptAsync().AsTask();
        TransportConnection connection = await engine.ConnectAsync(new ConnectOptions
        {
            RemoteEndPoint = listener.LocalEndPoint,
            ServerName = "localhost",
            ApplicationProtocols = [Http3Connection.ApplicationProtocol],
            Tls = new ClientTlsOptions { ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) },
            IdleTimeout = Timeout.InfiniteTimeSpan,
            HandshakeTimeout = TestDeadline.Limit,
        }).WithTimeout();
        var options = new Http3ConnectionOptions { LoggerFactory = log, TimeProvider = time ?? TimeProvider.System };
        Http3Connection client = await Http3Connection.StartAsync(connection, change is null ? options : change(options)).WithTimeout();
        var fixture = new Http3Fixture(network, engine, listener, (await accept.WithTimeout())!, client, opened, read, log);
        if (sendSettings)
        {
            await fixture.SendControlAsync(FrameBytes.Control());
        }

        return fixture;
    }

    /// <summary>A request to the server.</summary>
    internal static HttpRequestMessage Get(string path = "/") => new(HttpMethod.Get, "https://localhost" + path);

    /// <summary>A request with content.</summary>
    internal static HttpRequestMessage Post(HttpContent content, string path = "/") => new(HttpMethod.Post, "https://localhost" + path) { Content = content };

    /// <summary>Opens the server's control stream, or goes on with it.</summary>
    internal async Task SendControlAsync(byte[] bytes)
    {
        Control ??= await Server.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
        await Control.Output.WriteAsync(bytes).WithTimeout();
    }

    /// <summary>Opens a unidirectional stream of the server's.</summary>
    internal async Task<TransportStream> OpenUnidirectionalAsync(params byte[] bytes)
    {
        TransportStream stream = await Server.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
        await stream.Output.WriteAsync(bytes).WithTimeout();
        return stream;
    }

    /// <summary>Completes when the client has taken the first bytes of a unidirectional stream of the server's.</summary>
    internal Task WhenClientHasReadOf(TransportStream stream) => FirstRead(_read, stream.Id).Task.WithTimeout();

    /// <summary>Takes the client's next request; its control and QPACK streams are passed over.</summary>
    internal async Task<ServerRequest> AcceptRequestAsync()
    {
        while (true)
        {
            TransportStream stream = await Server.AcceptStreamAsync().WithTimeout();
            if (stream.Direction == StreamDirection.Bidirectional)
            {
                return new ServerRequest(stream, _serverDecoder);
            }

            OwnStreams.Add(stream);
        }
    }

    /// <summary>The client's unidirectional streams that have been accepted.</summary>
    internal List<TransportStream> OwnStreams { get; } = [];

    /// <summary>Sends a request and lets the server answer with bytes and the end of the stream.</summary>
    internal async Task<HttpResponseMessage> ExchangeAsync(HttpRequestMessage request, params byte[][] answer)
    {
        Task<HttpResponseMessage> response = Client.SendAsync(request, CancellationToken.None);
        ServerRequest seen = await AcceptRequestAsync();
        await (await seen.ReadToEndAsync()).FinishAsync(answer);
        return await response.WithTimeout();
    }

    /// <summary>Waits until no request is in flight.</summary>
    internal async Task WaitUntilIdleAsync()
    {
        long started = TimeProvider.System.GetTimestamp();
        while (Client.ActiveRequests > 0)
        {
            Assert.IsLessThan(TestDeadline.Limit, TimeProvider.System.GetElapsedTime(started), "requests stayed in flight");
            await Task.Yield();
        }
    }

    private static TaskCompletionSource FirstRead(ConcurrentDictionary<long, TaskCompletionSource> read, long id) =>
        read.GetOrAdd(id, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync().WithTimeout();
        await _listener.DisposeAsync().WithTimeout();
        await _engine.DisposeAsync().WithTimeout();
        _network.Dispose();
        _serverDecoder.Dispose();
    }
}
