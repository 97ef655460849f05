using Microsoft.Extensions.Logging;

namespace Net.Client.Internal;

/// <summary>Tells listeners what happened, in order, one at a time, apart from the pool's own work, so that a listener that is slow holds up nothing but the next event.</summary>
internal sealed class ChannelEvents(PoolWork work, ILogger logger) : IThreadPoolWorkItem
{
    // A listener that never returns must not make the queue grow for ever.
    private const int MaxQueued = 10_000;

    private readonly Lock _lock = new();
    private readonly Queue<ChannelEventArgs> _queue = new();
    private EventHandler<ChannelEventArgs>? _handlers;
    private object? _sender;
    private bool _isRunning;
    private bool _hasDropped;

    internal void Add(object sender, EventHandler<ChannelEventArgs>? handler)
    {
        lock (_lock)
        {
            _sender = sender;
            _handlers += handler;
        }
    }

    internal void Remove(EventHandler<ChannelEventArgs>? handler)
    {
        lock (_lock)
        {
            _handlers -= handler;
        }
    }

    /// <summary>Queues an event; runs nothing of a listener's. May be called under the gate.</summary>
    internal void Raise(ChannelEventArgs change)
    {
        lock (_lock)
        {
            if (_queue.Count == MaxQueued)
            {
                _queue.Dequeue();
                if (!_hasDropped)
                {
                    ClientLog.EventsDropped(logger, MaxQueued);
                }

                _hasDropped = true;
            }

            _queue.Enqueue(change);
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        work.Post(this);
    }

    public void Execute()
    {
        while (true)
        {
            ChannelEventArgs? change;
            EventHandler<ChannelEventArgs>? handlers;
            object? sender;
            lock (_lock)
            {
                _isRunning = _queue.TryDequeue(out change);
                handlers = _handlers;
                sender = _sender;
            }

            if (change is null)
            {
                return;
            }

            Log(change);
            foreach (EventHandler<ChannelEventArgs> handler in Delegate.EnumerateInvocationList(handlers))
            {
                try
                {
                    handler(sender, change);
                }
                catch (Exception exception)
                {
                    ClientLog.ListenerFailed(logger, change.Kind, exception);
                }
            }
        }
    }

    // Here and not where it happened, as loggers are not ours and run under no lock.
    private void Log(ChannelEventArgs change)
    {
        switch (change.Kind)
        {
            case ChannelEventKind.ConnectionOpened:
                ClientLog.ConnectionOpened(logger, change.ConnectionId, change.EndPoint, change.Reason);
                break;
            case ChannelEventKind.ConnectionDraining:
                ClientLog.ConnectionDraining(logger, change.ConnectionId, change.EndPoint, change.Reason);
                break;
            case ChannelEventKind.ConnectionClosed:
                ClientLog.ConnectionClosed(logger, change.ConnectionId, change.EndPoint, change.Reason);
                break;
            case ChannelEventKind.GenerationChanged:
                ClientLog.GenerationChanged(logger, change.Reason);
                break;
            case ChannelEventKind.TransportChanged:
                ClientLog.TransportChanged(logger, change.EndPoint, change.Reason);
                break;
        }
    }
}
