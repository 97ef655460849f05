using Net.Client;
using Net.Hosting.Echoing;

namespace Net.Hosting.Benchmarking;

/// <summary>Echoes over raw streams.</summary>
internal sealed class RawEchoLoad : BenchLoad
{
    private readonly HostContext _context;
    private readonly BenchOptions _options;
    private readonly TransportEngine _engine;
    private readonly ConnectOptions _connect;
    private readonly TransportConnection?[] _connections;
    private readonly RawStreamClient?[] _clients;
    private readonly byte[] _payload;

    private RawEchoLoad(HostContext context, BenchOptions options, TransportEngine engine)
    {
        _context = context;
        _options = options;
        _engine = engine;
        _connect = options.Target.MakeConnectOptions(engine, context.TimeProvider.GetUtcNow(), options.Inline);
        _connections = new TransportConnection?[options.Connections];
        _clients = new RawStreamClient?[options.Connections];
        _payload = new byte[options.Size];
        context.Random.NextBytes(_payload);
    }

    internal override string Via => _engine.Name;

    internal static async Task<RawEchoLoad> OpenAsync(HostContext context, BenchOptions options)
    {
        TransportEngine engine = await context.Engines.SelectAsync(options.Target.Engine).ConfigureAwait(false);
        try
        {
            return new RawEchoLoad(context, options, engine);
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    internal override async Task ConnectAsync(int connection, CancellationToken cancellationToken)
    {
        TransportConnection opened = await _options.Target.ConnectAsync(_engine, _connect, cancellationToken).ConfigureAwait(false);
        _connections[connection] = opened;
        _clients[connection] = new RawStreamClient(opened, timeProvider: _context.TimeProvider);
    }

    internal override BenchCaller MakeCaller(int connection) =>
        new RawEchoCaller(_connections[connection]!, _clients[connection]!, _options, _payload, _context.TimeProvider);

    public override async ValueTask DisposeAsync()
    {
        foreach (TransportConnection connection in _connections.OfType<TransportConnection>())
        {
            await connection.CloseAsync(RawStreamErrorCodes.NoError, "", CancellationToken.None).ConfigureAwait(false);
            await connection.DisposeAsync().ConfigureAwait(false);
        }

        await _engine.DisposeAsync().ConfigureAwait(false);
    }
}
