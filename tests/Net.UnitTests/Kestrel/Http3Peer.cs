using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>A hand-made HTTP/3 client on one connection.</summary>
internal sealed class Http3Peer : IAsyncDisposable
{
    private readonly Task<Http3Exchange> _control;

    private readonly TransportStream _ownControl;

    private Http3Peer(TransportConnection connection, TransportStream ownControl)
    {
        Connection = connection;
        _ownControl = ownControl;
        _control = AcceptControlAsync();
    }

    internal TransportConnection Connection { get; }

    /// <summary>The server's control stream, behind its type and SETTINGS.</summary>
    internal Task<Http3Exchange> Control => _control.WithTimeout();

    internal static async Task<Http3Peer> StartAsync(TransportConnection connection)
    {
        var peer = new Http3Peer(connection, await connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout());
        await peer.SendControlAsync([0, .. Http3Bytes.Frame(Http3Bytes.Settings, [])]);
        return peer;
    }

    /// <summary>Sends on this side's control stream.</summary>
    internal async Task SendControlAsync(byte[] bytes) => await _ownControl.Output.WriteAsync(bytes).WithTimeout();

    internal async Task<Http3Exchange> OpenAsync() => new(await Connection.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout());

    /// <summary>Begins a request whose body follows.</summary>
    internal async Task<Http3Exchange> BeginAsync(string method, string path, params (string Name, string Value)[] fields)
    {
        Http3Exchange exchange = await OpenAsync();
        await exchange.SendAsync(Http3Bytes.Request(method, path, fields));
        return exchange;
    }

    /// <summary>Begins a request without body.</summary>
    internal async Task<Http3Exchange> BeginGetAsync(string path)
    {
        Http3Exchange exchange = await OpenAsync();
        await exchange.SendAsync(Http3Bytes.Request("GET", path), end: true);
        return exchange;
    }

    internal async Task<Http3Response> GetAsync(string path)
    {
        Http3Exchange exchange = await BeginGetAsync(path);
        Http3Response response = await exchange.ReadResponseAsync();
        await exchange.Stream.DisposeAsync();
        return response;
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    private async Task<Http3Exchange> AcceptControlAsync()
    {
        var control = new Http3Exchange(await Connection.AcceptStreamAsync().WithTimeout());
        Assert.AreEqual(0, await control.ReadStreamTypeAsync());
        (long type, _) = await control.ReadFrameAsync() ?? throw new AssertFailedException("The server's control stream ended.");
        Assert.AreEqual(Http3Bytes.Settings, type);
        return control;
    }
}
