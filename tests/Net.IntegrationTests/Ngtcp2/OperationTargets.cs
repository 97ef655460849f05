using System.Buffers;
using System.IO.Pipelines;
using Net.Ngtcp2;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>What <see cref="RandomOperations"/> of several threads share.</summary>
internal sealed class OperationTargets(Ngtcp2Engine engine, Ngtcp2Engine disposedEngine, ConnectOptions connect, ListenOptions listen, TransportListener listener) : IAsyncDisposable
{
    private volatile TransportListener _listener = listener;

    internal Ngtcp2Engine Engine { get; } = engine;

    internal Ngtcp2Engine DisposedEngine { get; } = disposedEngine;

    /// <summary>Leads to the listener of the moment.</summary>
    internal ConnectOptions Connect => connect with { RemoteEndPoint = _listener.LocalEndPoint };

    internal ListenOptions Listen { get; } = listen;

    internal TransportListener Listener => _listener;

    internal Shelf<TransportConnection> Connections { get; } = new(12);

    internal Shelf<StreamTarget> Streams { get; } = new(40);

    internal long Events;

    internal void Handle(object? sender, EventArgs args) => Interlocked.Increment(ref Events);

    /// <summary>Disposes the listener, with all its connections, and opens another one.</summary>
    internal async Task ReplaceListenerAsync(Random random)
    {
        TransportListener next = await Engine.ListenAsync(Listen);
        TransportListener old = Interlocked.Exchange(ref _listener, next);
        if (random.Next(2) == 0)
        {
            await old.StopAcceptingAsync();
        }

        await old.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (StreamTarget stream in Streams.TakeAll())
        {
            await stream.Stream.DisposeAsync();
        }

        foreach (TransportConnection connection in Connections.TakeAll())
        {
            await connection.DisposeAsync();
        }

        await _listener.DisposeAsync();
    }

    /// <summary>Keeps some things for anybody to take hold of. What has to make room is forgotten as it is: nobody disposes it.</summary>
    internal sealed class Shelf<T>(int size)
        where T : class
    {
        private readonly T?[] _items = new T?[size];

        internal T? Pick(Random random) => Volatile.Read(ref _items[random.Next(_items.Length)]);

        internal void Put(Random random, T item) => Volatile.Write(ref _items[random.Next(_items.Length)], item);

        internal IEnumerable<T> TakeAll() => _items.OfType<T>();
    }
}

/// <summary>A stream whose pipe ends are used by one at a time.</summary>
internal sealed class StreamTarget(TransportStream stream)
{
    private int _isReading;
    private int _isWriting;

    internal TransportStream Stream { get; } = stream;

    /// <summary>What the last read gave, for advances that come too late.</summary>
    internal ReadOnlySequence<byte> LastRead { get; set; }

    internal async Task WithReaderAsync(Func<PipeReader, Task> action)
    {
        if (Interlocked.Exchange(ref _isReading, 1) == 0)
        {
            try
            {
                await action(Stream.Input);
            }
            finally
            {
                Volatile.Write(ref _isReading, 0);
            }
        }
    }

    internal async Task WithWriterAsync(Func<PipeWriter, Task> action)
    {
        if (Interlocked.Exchange(ref _isWriting, 1) == 0)
        {
            try
            {
                await action(Stream.Output);
            }
            finally
            {
                Volatile.Write(ref _isWriting, 0);
            }
        }
    }
}
