using System.Net.Sockets;
using System.Threading.Channels;
using Net.Chaos.Proxy;

namespace Net.Chaos.Tcp;

/// <summary>One direction of a TCP connection on real sockets: reads, lets the chain decide, and writes. One timer serves all that the chain holds.</summary>
internal sealed class TcpDirection : IStreamSink, IAsyncDisposable
{
    private const int BufferBytes = 32 << 10;

    // What waits for a receiver that does not read, beyond what toxics hold.
    private const int MaxQueuedBytes = 256 << 10;

    private readonly Lock _lock = new();
    private readonly TcpConnection _connection;
    private readonly Socket _source;
    private readonly Socket _target;
    private readonly ToxicStream _stream;
    private readonly ChaosClock _clock;
    private readonly TrafficCounters _traffic;
    private readonly long _maxHeldBytes;
    private readonly Channel<Output> _output = Channel.CreateUnbounded<Output>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ITimer _timer;
    private readonly StreamChain _chain;
    private TaskCompletionSource? _roomWaiter;
    private long _queuedBytes;
    private bool _isDiscarded;

    internal TcpDirection(
        TcpConnection connection, Socket source, Socket target, ToxicStream stream, ChainIdentity identity, ChaosClock clock, IEnumerable<Toxic> toxics, TrafficCounters traffic, long maxHeldBytes)
    {
        _connection = connection;
        _source = source;
        _target = target;
        _stream = stream;
        _clock = clock;
        _traffic = traffic;
        _maxHeldBytes = maxHeldBytes;
        _timer = clock.Provider.CreateTimer(static state => ((TcpDirection)state!).Change(static chain => chain.Wake()), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _chain = new StreamChain(stream, identity, clock, toxics, this);
    }

    private readonly record struct Output(StreamChunk? Chunk, StreamEnd End);

    /// <summary>Carries data until the direction ends or the sockets are closed.</summary>
    internal async Task RunAsync()
    {
        Change(static _ => { });
        Task reading = ReadAsync();
        await WriteAsync().ConfigureAwait(false);
        await reading.ConfigureAwait(false);
    }

    /// <summary>Changes the chain: a toxic comes, changes or goes, or time has passed.</summary>
    internal void Change(Action<StreamChain> change)
    {
        TaskCompletionSource? waiter = null;
        lock (_lock)
        {
            if (_isDiscarded)
            {
                return;
            }

            change(_chain);
            Arm_NeedsLock();
            if (HasRoom_NeedsLock())
            {
                (waiter, _roomWaiter) = (_roomWaiter, null);
            }
        }

        waiter?.SetResult();
    }

    /// <inheritdoc/>
    void IStreamSink.Write(StreamChunk chunk)
    {
        _queuedBytes += chunk.Length;
        if (!_output.Writer.TryWrite(new Output(chunk, default)))
        {
            _queuedBytes -= chunk.Length;
            chunk.Return();
        }
    }

    /// <inheritdoc/>
    void IStreamSink.End(StreamEnd end)
    {
        _output.Writer.TryWrite(new Output(null, end));
        _output.Writer.TryComplete();
    }

    /// <summary>Forgets what is held; the sockets are closed.</summary>
    internal void Discard()
    {
        TaskCompletionSource? waiter;
        lock (_lock)
        {
            _isDiscarded = true;
            _chain.Discard();
            _output.Writer.TryComplete();
            (waiter, _roomWaiter) = (_roomWaiter, null);
        }

        waiter?.SetResult();
    }

    public async ValueTask DisposeAsync()
    {
        Discard();
        await _timer.DisposeAsync().ConfigureAwait(false);
        while (_output.Reader.TryRead(out Output output))
        {
            output.Chunk?.Return();
        }
    }

    private async Task ReadAsync()
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
        while (await WaitForRoomAsync().ConfigureAwait(false))
        {
            int count;
            try
            {
                count = await _source.ReceiveAsync(buffer, SocketFlags.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // A reset goes on as a reset, through the toxics as everything does.
                Change(static chain => chain.ReceiveEnd(StreamEnd.Reset));
                return;
            }

            if (count == 0)
            {
                Change(static chain => chain.ReceiveEnd(StreamEnd.Finished));
                return;
            }

            _traffic.AddReceived(_stream, count);
            Change(chain => chain.Receive(buffer.AsSpan(0, count)));
        }
    }

    private async Task WriteAsync()
    {
        await foreach (Output output in _output.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            if (output.Chunk is not { } chunk)
            {
                End(output.End);
                return;
            }

            int length = chunk.Length;
            try
            {
                for (ReadOnlyMemory<byte> rest = chunk.Memory; !rest.IsEmpty;)
                {
                    int sent = await _target.SendAsync(rest, SocketFlags.None).ConfigureAwait(false);
                    rest = rest[sent..];
                }

                _traffic.AddSent(_stream, length);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                _connection.Abort(isReset: true);
                return;
            }
            finally
            {
                chunk.Return();
            }

            Release(length);
        }
    }

    private void End(StreamEnd end)
    {
        if (end != StreamEnd.Finished)
        {
            _connection.Abort(end == StreamEnd.Reset);
            return;
        }

        try
        {
            _target.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The other side was quicker.
        }
    }

    private void Release(int length)
    {
        TaskCompletionSource? waiter = null;
        lock (_lock)
        {
            _queuedBytes -= length;
            if (HasRoom_NeedsLock())
            {
                (waiter, _roomWaiter) = (_roomWaiter, null);
            }
        }

        waiter?.SetResult();
    }

    private async Task<bool> WaitForRoomAsync()
    {
        while (true)
        {
            Task wait;
            lock (_lock)
            {
                if (_isDiscarded)
                {
                    return false;
                }

                if (HasRoom_NeedsLock())
                {
                    return true;
                }

                _roomWaiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = _roomWaiter.Task;
            }

            await wait.ConfigureAwait(false);
        }
    }

    private bool HasRoom_NeedsLock() => _chain.HeldBytes < _maxHeldBytes && _queuedBytes < MaxQueuedBytes;

    private void Arm_NeedsLock()
    {
        if (_chain.NextDue is not { } due)
        {
            return;
        }

        // Whole milliseconds, upwards: the system's timers cut fractions off and would fire too early, again and again.
        TimeSpan wait = due - _clock.Now;
        _timer.Change(wait <= TimeSpan.Zero ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
    }
}
