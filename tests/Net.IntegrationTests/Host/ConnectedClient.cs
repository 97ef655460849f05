using System.IO.Pipelines;
using System.Net;
using System.Text;
using Net.Client;
using Net.Hosting.Engines;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary>A client in this process with one open echo stream to the server's process.</summary>
internal sealed class ConnectedClient : IAsyncDisposable
{
    private readonly TransportEngine _engine;

    private ConnectedClient(TransportEngine engine, TransportConnection connection, RawStream stream)
    {
        _engine = engine;
        Connection = connection;
        Stream = stream;
    }

    internal TransportConnection Connection { get; }

    internal RawStream Stream { get; }

    internal static async Task<ConnectedClient> StartAsync(ServeProcess server)
    {
        TransportEngine engine = await SelectEngineAsync();
        TransportConnection connection = await ConnectAsync(engine, server, RawStreamProtocol.ApplicationProtocol);
        return new ConnectedClient(engine, connection, await new RawStreamClient(connection).OpenAsync("echo"));
    }

    internal static async Task<TransportEngine> SelectEngineAsync() => await EngineSelector.ForProcess().SelectAsync(EngineSelector.Auto);

    internal static Task<TransportConnection> ConnectAsync(TransportEngine engine, ServeProcess server, string protocol) => engine.ConnectAsync(new ConnectOptions
    {
        RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, server.Port),
        ServerName = "localhost",
        ApplicationProtocols = [protocol],
        Tls = MakeTls(server),
    }).WithTimeout();

    /// <summary>The good client certificate, and the server's authority.</summary>
    internal static ClientTlsOptions MakeTls(ServeProcess server) => new()
    {
        Identity = TlsIdentity.FromPemFiles(server.Certificates.PathOf("client.pem"), server.Certificates.PathOf("client-key.pem")),
        ServerCertificatePolicy = CertificateTrust.FromPemFile(server.Certificates.PathOf("ca.pem")),
    };

    internal async Task EchoAsync(string text)
    {
        await Stream.Output.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask().WithTimeout();
        ReadResult read = await Stream.Input.ReadAtLeastAsync(text.Length).AsTask().WithTimeout();
        Assert.AreEqual(text, Encoding.UTF8.GetString(read.Buffer));
        Stream.Input.AdvanceTo(read.Buffer.End);
    }

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        await Connection.DisposeAsync();
        await _engine.DisposeAsync();
    }
}
