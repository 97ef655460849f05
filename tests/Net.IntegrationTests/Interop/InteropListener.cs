using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Threading.Channels;
using Net.Ngtcp2;
using Net.Ngtcp2.Driver;

namespace Net.IntegrationTests.Interop;

/// <summary>Our engine as a server on a loopback port that the system chose; each connection is served by what the test gives.</summary>
internal sealed class InteropListener : IAsyncDisposable
{
    private readonly Ngtcp2Engine _engine;
    private readonly TransportListener _listener;
    private readonly Func<TransportConnection, Task> _serve;
    private readonly Channel<TransportConnection> _accepted = Channel.CreateUnbounded<TransportConnection>();
    private readonly Task _accepting;

    private InteropListener(Ngtcp2Engine engine, TransportListener listener, Func<TransportConnection, Task> serve)
    {
        _engine = engine;
        _listener = listener;
        _serve = serve;
        _accepting = AcceptAsync();
    }

    public IPEndPoint EndPoint => _listener.LocalEndPoint;

    public int Port => _listener.LocalEndPoint.Port;

    public ServerState State => ((Ngtcp2Listener)_listener).State;

    /// <summary>Starts to listen, by default for the stream application with a client certificate required.</summary>
    public static async Task<InteropListener> StartAsync(
        InteropCertificates certificates, Func<TransportConnection, Task> serve, Func<ListenOptions, ListenOptions>? adjust = null, Func<ServerTlsOptions, ServerTlsOptions>? adjustTls = null)
    {
        ServerTlsOptions tls = new()
        {
            Identity = certificates.Identity("server"),
            ClientCertificateMode = ClientCertificateMode.Required,
            ClientCertificatePolicy = certificates.Trust,
        };
        tls = adjustTls?.Invoke(tls) ?? tls;
        ListenOptions options = new()
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            ApplicationProtocols = [StreamApplication.Protocol],
            Tls = (in ClientHello _) => tls,
        };
        var engine = new Ngtcp2Engine();
        try
        {
            return new InteropListener(engine, await engine.ListenAsync(adjust?.Invoke(options) ?? options), serve);
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    /// <summary>The next connection that was accepted; it is served already.</summary>
    public async Task<TransportConnection> NextAsync()
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        return await _accepted.Reader.ReadAsync(limit.Token);
    }

    /// <summary>A connection that was accepted and not looked at yet.</summary>
    public bool TryNext([NotNullWhen(true)] out TransportConnection? connection) => _accepted.Reader.TryRead(out connection);

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        List<Task> serving = [];
        while (await _listener.AcceptAsync() is { } connection)
        {
            serving.Add(_serve(connection));
            _accepted.Writer.TryWrite(connection);
        }

        // What a handler throws fails the test that started the listener.
        await Task.WhenAll(serving);
    }
}
