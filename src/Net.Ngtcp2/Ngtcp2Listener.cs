using System.Net;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Loop;

namespace Net.Ngtcp2;

/// <summary>A bound port with its loops. Owns the threads and sockets that serve it.</summary>
internal sealed class Ngtcp2Listener : TransportListener
{
    private readonly Ngtcp2Engine _engine;
    private readonly AcceptQueue<Ngtcp2Connection> _queue = new(inline: false);
    private readonly ServerState _state;
    private UdpLoop[] _loops = [];
    private int _stopped;
    private Task? _disposal;
    private readonly Lock _lock = new();

    private Ngtcp2Listener(Ngtcp2Engine engine, ListenOptions options)
    {
        _engine = engine;
        _state = new ServerState(options, new Tls.ServerTlsContext(options.Tls), Deliver, () => _queue.Count);
    }

    public override IPEndPoint LocalEndPoint => _localEndPoint;

    private IPEndPoint _localEndPoint = null!;

    /// <summary>Counters and limits, for tests and statistics.</summary>
    internal ServerState State => _state;

    internal IReadOnlyList<UdpLoop> Loops => _loops;

    /// <summary>Binds and starts.</summary>
    internal static Ngtcp2Listener Start(Ngtcp2Engine engine, ListenOptions options)
    {
        var listener = new Ngtcp2Listener(engine, options);
        listener._loops = UdpLoop.StartListening(engine, options, listener._state, out listener._localEndPoint);
        return listener;
    }

    public override async ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await _queue.TakeAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ListenerStoppedException)
        {
            return null;
        }
    }

    public override ValueTask StopAcceptingAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0)
        {
            _state.Stop();
            foreach (UdpLoop loop in _loops)
            {
                loop.RaiseDraining();
            }

            _queue.Fail(new ListenerStoppedException());
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposal ??= DisposeCoreAsync();
            return new ValueTask(_disposal);
        }
    }

    private async Task DisposeCoreAsync()
    {
        await StopAcceptingAsync().ConfigureAwait(false);
        foreach (UdpLoop loop in _loops)
        {
            await loop.StopAsync("the listener was disposed").ConfigureAwait(false);
        }

        _engine.Forget(this);
    }

    private void Deliver(Ngtcp2Connection connection)
    {
        if (_state.IsStopped || _queue.Count >= _state.Options.Backlog)
        {
            // Handshakes that were under way together can pass the check that new ones meet: the surplus is closed rather than kept waiting without end.
            connection.Abandon("the backlog of accepted connections is full");
            return;
        }

        _queue.Add(connection);
    }

    private sealed class ListenerStoppedException() : Exception("The listener has stopped.");
}
