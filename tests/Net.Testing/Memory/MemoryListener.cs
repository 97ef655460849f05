using System.Net;

namespace Net.Testing;

/// <summary>A listener on a <see cref="MemoryNetwork"/>.</summary>
/// <param name="engine">Whose it is.</param>
/// <param name="options">What the application said.</param>
/// <param name="localEndPoint">What was bound.</param>
internal sealed class MemoryListener(MemoryEngine engine, ListenOptions options, IPEndPoint localEndPoint) : TransportListener
{
    private readonly Queue<MemoryConnection> _accepted = new();
    private readonly LinkedList<MemoryWaiter<TransportConnection?>> _waiters = new();
    private readonly HashSet<MemoryConnection> _connections = [];
    private bool _stopped;
    private bool _disposed;

    public override IPEndPoint LocalEndPoint => localEndPoint;

    /// <summary>What the application said.</summary>
    public ListenOptions Options => options;

    /// <summary>Whose it is.</summary>
    public MemoryEngine Engine => engine;

    public override ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TransportConnection?>(cancellationToken);
        }

        using MemoryNetwork.Scope scope = engine.Network.Enter();
        if (_accepted.TryDequeue(out MemoryConnection? connection))
        {
            return new(connection);
        }

        if (_stopped)
        {
            return new((TransportConnection?)null);
        }

        var waiter = new MemoryWaiter<TransportConnection?>(engine.Network, options.InlineContinuations);
        LinkedListNode<MemoryWaiter<TransportConnection?>> node = _waiters.AddLast(waiter);
        waiter.CancelWith(() => _waiters.Remove(node), cancellationToken);
        return new(waiter.Task);
    }

    public override ValueTask StopAcceptingAsync(CancellationToken cancellationToken = default)
    {
        using MemoryNetwork.Scope scope = engine.Network.Enter();
        StopAccepting();
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        using MemoryNetwork.Scope scope = engine.Network.Enter();
        Stop();
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the listener and its connections.</summary>
    internal void Stop()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        StopAccepting();
        foreach (MemoryConnection connection in _connections.ToArray())
        {
            connection.CloseWithListener();
        }

        _accepted.Clear();
        engine.Network.Remove(this);
        engine.Remove(this);
    }

    /// <summary>Says why a client is not let in now.</summary>
    /// <returns>The reason, or <c>null</c> when it may begin its handshake.</returns>
    internal string? ReasonToRefuse()
    {
        int handshakes = _connections.Count(c => c.IsHandshaking);
        return _stopped ? "The server takes no new connections."
            : engine.Network.Refuses(localEndPoint) ? "The test's network refuses connections here."
            : _connections.Count >= options.MaxConnections ? $"The server has {options.MaxConnections} connections already (ListenOptions.MaxConnections)."
            : handshakes >= options.MaxHandshakes ? $"The server has {options.MaxHandshakes} handshakes under way already (ListenOptions.MaxHandshakes)."
            : IsBacklogFull ? $"The server has {options.Backlog} connections waiting already (ListenOptions.Backlog)."
            : null;
    }

    /// <summary>Whether no further connection can wait to be accepted.</summary>
    internal bool IsBacklogFull => _waiters.Count == 0 && _accepted.Count >= options.Backlog;

    /// <summary>Notes a connection whose handshake begins.</summary>
    /// <param name="connection">It.</param>
    internal void Add(MemoryConnection connection) => _connections.Add(connection);

    /// <summary>Forgets a connection that is over.</summary>
    /// <param name="connection">It.</param>
    internal void Remove(MemoryConnection connection) => _connections.Remove(connection);

    /// <summary>Hands a connection to the application.</summary>
    /// <param name="connection">One whose handshake is over.</param>
    internal void Deliver(MemoryConnection connection)
    {
        if (_waiters.First is { } first)
        {
            _waiters.RemoveFirst();
            first.Value.TrySetResult(connection);
        }
        else
        {
            _accepted.Enqueue(connection);
        }
    }

    private void StopAccepting()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        var refusal = new ConnectionClose(CloseInitiator.Local, TransportError.ConnectFailed, null, MemoryHandshake.ConnectionRefused, "The listener stopped.");
        foreach (MemoryConnection connection in _connections.ToArray())
        {
            if (connection.IsHandshaking)
            {
                connection.Link.Handshake!.FailFromServer(refusal);
            }
            else
            {
                connection.StartDraining();
            }
        }

        foreach (MemoryWaiter<TransportConnection?> waiter in _waiters)
        {
            waiter.TrySetResult(null);
        }

        _waiters.Clear();
    }
}
