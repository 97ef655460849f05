using System.Net;
using Net.IntegrationTests.Interop;
using Net.Ngtcp2;
using Net.Server;

namespace Net.IntegrationTests.Channels;

/// <summary>A server of raw streams over QUIC alone, with a handler of the test's.</summary>
internal sealed class RawStreamHost : IAsyncDisposable
{
    private readonly Ngtcp2Engine _engine = new();
    private readonly NetServer _server;
    private int _calls;

    private RawStreamHost(Func<RawStreamContext, int, Task> handle, RawStreamServerOptions? options)
    {
        NetServerBuilder builder = new NetServerBuilder().MapStream("work", stream => handle(stream, Interlocked.Increment(ref _calls)));
        _server = (options is null ? builder : builder.UseRawStreamOptions(options)).Build();
    }

    /// <summary>How often the handler ran.</summary>
    internal int Calls => Volatile.Read(ref _calls);

    internal string Address { get; private set; } = "";

    /// <summary>Starts a server.</summary>
    /// <param name="certificates">Its identity.</param>
    /// <param name="handle">Handles a stream; is told its number, from 1.</param>
    /// <param name="options">Its limits; <c>null</c>: the defaults.</param>
    internal static async Task<RawStreamHost> StartAsync(InteropCertificates certificates, Func<RawStreamContext, int, Task> handle, RawStreamServerOptions? options = null)
    {
        var host = new RawStreamHost(handle, options);
        var tls = new ServerTlsOptions { Identity = certificates.Identity("server") };
        IPEndPoint endPoint = await host._server.ListenAsync(host._engine, new Net.ListenOptions
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            ApplicationProtocols = host._server.ApplicationProtocols,
            Tls = (in ClientHello _) => tls,
        });
        host.Address = $"https://localhost:{endPoint.Port}";
        return host;
    }

    /// <summary>Answers with what came, once its end has come.</summary>
    internal static async Task EchoAsync(RawStreamContext stream)
    {
        using var all = new MemoryStream();
        await stream.Input.CopyToAsync(all);
        await stream.Output.WriteAsync(all.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _engine.DisposeAsync();
    }
}
