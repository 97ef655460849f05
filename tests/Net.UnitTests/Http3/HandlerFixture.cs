using System.Collections.Concurrent;
using System.Net;
using Net.Http3;
using Net.Http3.Interop;
using Net.Testing;
using Net.UnitTests.Ngtcp2.Interop;
using Net.UnitTests.Server;

namespace Net.UnitTests.Http3;

/// <summary>A handler and a server in memory that answers each request by a function.</summary>
internal sealed class HandlerFixture : IAsyncDisposable
{
    private readonly MemoryNetwork _network;
    private readonly MemoryEngine _engine;
    private readonly TransportListener _listener;
    private readonly Task _serving;
    private readonly QpackDecoder _decoder = new(0, 0, static _ => { });
    private readonly Func<ServerRequest, TransportConnection, Task> _answer;

    private HandlerFixture(MemoryNetwork network, MemoryEngine engine, TransportListener listener, Func<ServerRequest, TransportConnection, Task> answer)
    {
        _network = network;
        _engine = engine;
        _listener = listener;
        _answer = answer;
        _serving = ServeAsync();
    }

    internal Http3Handler Handler { get; private set; } = null!;

    internal HttpMessageInvoker Invoker { get; private set; } = null!;

    internal LogRecorder Log { get; } = new();

    internal FallbackRecorder Fallback { get; } = new();

    internal Uri Address => new($"https://localhost:{_listener.LocalEndPoint.Port}/");

    /// <summary>The server's connections, in the order of their coming, each with its control stream.</summary>
    internal List<(TransportConnection Connection, TransportStream Control)> Connections { get; } = [];

    internal ConcurrentQueue<Exception> Faults { get; } = new();

    internal static async Task<HandlerFixture> StartAsync(
        Func<ServerRequest, TransportConnection, Task> answer, Func<Http3HandlerOptions, Http3HandlerOptions>? change = null, TransportLimits? serverLimits = null, TimeProvider? time = null,
        TlsIdentity? identity = null)
    {
        if (!Http3Connection.Support.IsSupported)
        {
            NativeRequirement.Missing(Http3Connection.Support.Reason!);
        }

        var network = new MemoryNetwork(time);
        var engine = new MemoryEngine(network);
        var tls = new ServerTlsOptions { Identity = identity ?? TestCertificates.Shared.Server };
        TransportListener listener = await engine.ListenAsync(new ListenOptions
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            ApplicationProtocols = [Http3Connection.ApplicationProtocol],
            Tls = (in ClientHello _) => tls,
            Limits = serverLimits ?? TransportLimits.Default,
            IdleTimeout = Timeout.InfiniteTimeSpan,
            HandshakeTimeout = TestDeadline.Limit,
        });
        var fixture = new HandlerFixture(network, engine, listener, answer);
        var options = new Http3HandlerOptions
        {
            Engine = engine,
            Tls = new ClientTlsOptions { ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) },
            Fallback = fixture.Fallback,
            TransportIdleTimeout = Timeout.InfiniteTimeSpan,
            ConnectTimeout = TestDeadline.Limit,
            LoggerFactory = fixture.Log,
            TimeProvider = time ?? TimeProvider.System,
        };
        fixture.Handler = new Http3Handler(change is null ? options : change(options));
        fixture.Invoker = new HttpMessageInvoker(fixture.Handler, disposeHandler: false);
        return fixture;
    }

    /// <summary>A request for HTTP/3 alone.</summary>
    internal HttpRequestMessage Get(string path = "") =>
        new(HttpMethod.Get, new Uri(Address, path)) { Version = HttpVersion.Version30, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => Invoker.SendAsync(request, CancellationToken.None).WithTimeout();

    internal async Task<string> TextAsync(HttpRequestMessage request)
    {
        using HttpResponseMessage response = await SendAsync(request);
        return await response.Content.ReadAsStringAsync().WithTimeout();
    }

    public async ValueTask DisposeAsync()
    {
        await Handler.DisposeAsync().WithTimeout();
        await _listener.DisposeAsync().WithTimeout();
        await _serving.WithTimeout();
        await _engine.DisposeAsync().WithTimeout();
        _network.Dispose();
        _decoder.Dispose();
        Assert.IsTrue(Faults.IsEmpty, string.Join('\n', Faults));
    }

    private async Task ServeAsync()
    {
        while (await _listener.AcceptAsync() is { } connection)
        {
            TransportStream control = await connection.OpenStreamAsync(StreamDirection.Unidirectional);
            lock (Connections)
            {
                Connections.Add((connection, control));
            }

            await control.Output.WriteAsync(FrameBytes.Control());
            _ = ServeAsync(connection);
        }
    }

    private async Task ServeAsync(TransportConnection connection)
    {
        try
        {
            while (true)
            {
                TransportStream stream = await connection.AcceptStreamAsync();
                if (stream.Direction == StreamDirection.Bidirectional)
                {
                    _ = AnswerAsync(new ServerRequest(stream, _decoder), connection);
                }
            }
        }
        catch (TransportException)
        {
            // The connection is over.
        }
    }

    private async Task AnswerAsync(ServerRequest request, TransportConnection connection)
    {
        try
        {
            await _answer(request, connection);
        }
        catch (TransportException)
        {
            // The client left.
        }
        catch (Exception exception)
        {
            Faults.Enqueue(exception);
        }

        await request.Stream.DisposeAsync();
    }
}
