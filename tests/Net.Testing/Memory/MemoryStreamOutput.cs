using System.IO.Pipelines;

namespace Net.Testing;

/// <summary>The sending side of a stream: what is written, what waits for the peer's credit, and what waits for its acknowledgement.</summary>
/// <remarks>Members of the connection's need the network's lock; the overrides of <see cref="PipeWriter"/> are the application's.</remarks>
internal sealed class MemoryStreamOutput(MemoryTransportStream stream, long sendWindow) : PipeWriter
{
    private const int BlockSize = 16 << 10;

    private readonly MemoryNetwork _network = stream.Connection.Network;
    private readonly MemoryWaiter<bool> _completion = new(stream.Connection.Network, stream.Connection.RunsInline);
    private readonly List<ReadOnlyMemory<byte>> _unflushed = [];
    private readonly Queue<ReadOnlyMemory<byte>> _pending = new();
    private Memory<byte> _block;
    private int _blockWritten;
    private int _firstSent;
    private long _unflushedBytes;
    private long _pendingBytes;
    private long _unacknowledged;
    private long _credit = sendWindow;
    private bool _cancelNext;
    private bool _completed;
    private bool _finSent;
    private Func<Exception>? _fault;
    private MemoryWaiter<FlushResult>? _waiter;

    /// <summary>Completes when sending is over, as <see cref="TransportStream.SendCompletion"/> promises.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Whether sending is over: all acknowledged, or given up.</summary>
    public bool IsOver => _completion.IsOver;

    /// <summary>Whether bytes wait that the peer's credit for this stream covers.</summary>
    public bool CanSend => _pendingBytes > 0 && _credit > 0;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _unflushedBytes;

    /// <summary>The stream, for the order of sending.</summary>
    public MemoryTransportStream Stream => stream;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_completed)
        {
            throw new InvalidOperationException("Writing is not allowed after the writer was completed.");
        }

        if (_block.Length - _blockWritten < Math.Max(1, sizeHint))
        {
            _block = new byte[Math.Max(BlockSize, sizeHint)];
            _blockWritten = 0;
        }

        return _block[_blockWritten..];
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _block.Length - _blockWritten);
        if (bytes > 0)
        {
            _unflushed.Add(_block.Slice(_blockWritten, bytes));
            _blockWritten += bytes;
            _unflushedBytes += bytes;
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        }

        using MemoryNetwork.Scope scope = _network.Enter();
        if (_waiter is not null)
        {
            throw new InvalidOperationException("A flush is under way: one at a time.");
        }

        if (_fault is not null)
        {
            return ValueTask.FromException<FlushResult>(_fault());
        }

        Commit();
        stream.Connection.QueueSend(this);
        _network.RunDueEvents();
        if (_fault is not null)
        {
            return ValueTask.FromException<FlushResult>(_fault());
        }

        if (_cancelNext)
        {
            _cancelNext = false;
            return new(new FlushResult(isCanceled: true, isCompleted: false));
        }

        if (!IsOverThreshold)
        {
            return new(new FlushResult(isCanceled: false, isCompleted: _completed));
        }

        var waiter = new MemoryWaiter<FlushResult>(_network, stream.Connection.RunsInline);
        _waiter = waiter;
        waiter.CancelWith(() => _waiter = null, cancellationToken);
        return new(waiter.Task);
    }

    public override void CancelPendingFlush()
    {
        using MemoryNetwork.Scope scope = _network.Enter();
        if (_waiter is { } waiter)
        {
            _waiter = null;
            waiter.TrySetResult(new FlushResult(isCanceled: true, isCompleted: false));
        }
        else
        {
            _cancelNext = true;
        }
    }

    public override void Complete(Exception? exception = null)
    {
        using MemoryNetwork.Scope scope = _network.Enter();
        if (_completed)
        {
            return;
        }

        if (exception is not null)
        {
            stream.AbortWrite(stream.Connection.Options.DefaultStreamErrorCode);
        }

        _completed = true;
        if (_fault is null)
        {
            Commit();
            stream.Connection.QueueSend(this);
            SendFinWhenDrained();
        }
    }

    /// <summary>Sends one piece, as far as the peer's credit goes.</summary>
    /// <param name="connectionCredit">The credit for the whole connection.</param>
    /// <returns>How many bytes were sent.</returns>
    public int SendPiece(long connectionCredit)
    {
        ReadOnlyMemory<byte> first = _pending.Peek()[_firstSent..];
        int count = (int)Math.Min(first.Length, Math.Min(_credit, connectionCredit));
        ReadOnlyMemory<byte> piece = first[..count];
        _firstSent += count;
        if (count == first.Length)
        {
            _pending.Dequeue();
            _firstSent = 0;
        }

        _pendingBytes -= count;
        _credit -= count;
        _finSent = _completed && _pendingBytes == 0;
        stream.Connection.SendData(stream, piece, _finSent);
        return count;
    }

    /// <summary>Takes an acknowledgement.</summary>
    /// <param name="count">Bytes the peer has.</param>
    /// <param name="fin">Whether it has the end, too.</param>
    public void ReceiveAcknowledgement(int count, bool fin)
    {
        if (_fault is not null)
        {
            return;
        }

        _unacknowledged -= count;
        if (_waiter is { } waiter && !IsOverThreshold)
        {
            _waiter = null;
            waiter.TrySetResult(new FlushResult(isCanceled: false, isCompleted: _completed));
        }

        if (fin)
        {
            _completion.TrySetResult(true);
            stream.HandleSideOver();
        }
    }

    /// <summary>Takes credit that the peer's application made by reading.</summary>
    /// <param name="count">Bytes.</param>
    public void ReceiveCredit(long count)
    {
        _credit += count;
        stream.Connection.QueueSend(this);
    }

    /// <summary>Ends sending with an error, unless it is over.</summary>
    /// <param name="fault">Makes the exception that flushes throw.</param>
    /// <returns>Whether this ended it.</returns>
    public bool Fault(Func<Exception> fault)
    {
        if (_fault is not null || IsOver)
        {
            return false;
        }

        _fault = fault;
        _pending.Clear();
        _pendingBytes = _unacknowledged = 0;
        MemoryWaiter<FlushResult>? waiter = _waiter;
        _waiter = null;
        waiter?.TrySetException(fault());
        _completion.TrySetException(fault());
        return true;
    }

    private bool IsOverThreshold => _unacknowledged > stream.Connection.Options.Limits.StreamSendBuffer || _pendingBytes > stream.Connection.Options.Limits.StreamUnsentBuffer;

    private void Commit()
    {
        foreach (ReadOnlyMemory<byte> piece in _unflushed)
        {
            _pending.Enqueue(piece);
        }

        _unflushed.Clear();
        _pendingBytes += _unflushedBytes;
        _unacknowledged += _unflushedBytes;
        _unflushedBytes = 0;
    }

    private void SendFinWhenDrained()
    {
        if (!_finSent && _pendingBytes == 0)
        {
            _finSent = true;
            stream.Connection.SendData(stream, default, fin: true);
        }
    }
}
