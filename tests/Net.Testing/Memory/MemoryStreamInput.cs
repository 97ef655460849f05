using System.Buffers;
using System.IO.Pipelines;

namespace Net.Testing;

/// <summary>The receiving side of a stream. Positions are offsets in the stream, so that nothing depends on how the bytes were cut.</summary>
/// <remarks>Methods called <c>Receive…</c> and <c>Fault</c> come from the connection and need the network's lock; the rest is the application's.</remarks>
internal sealed class MemoryStreamInput(MemoryTransportStream stream) : PipeReader
{
    private readonly MemoryNetwork _network = stream.Connection.Network;
    private Segment? _head;
    private Segment? _tail;
    private long _received;
    private long _consumed;
    private long _examined;
    private bool _reading;
    private bool _cancelNext;
    private bool _completed;
    private bool _hasFin;
    private Func<Exception>? _fault;
    private MemoryWaiter<ReadResult>? _waiter;

    /// <summary>Whether nothing more can arrive: all of it did, or this side or the peer gave up.</summary>
    public bool IsOver => _hasFin || _fault is not null;

    /// <summary>Whether the application needs nothing more of it.</summary>
    public bool IsReleased => _fault is not null || (_hasFin && (_completed || _consumed == _received));

    /// <summary>Takes bytes from the peer.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="fin">Whether they are the last.</param>
    /// <returns><c>false</c> when they were dropped because nobody reads any more.</returns>
    public bool Receive(ReadOnlyMemory<byte> data, bool fin)
    {
        if (IsOver || _completed)
        {
            _hasFin |= fin && _fault is null;
            return false;
        }

        if (!data.IsEmpty)
        {
            _tail = new Segment(data, _received, _tail);
            _head ??= _tail;
            _received += data.Length;
        }

        _hasFin = fin;
        Wake();
        return true;
    }

    /// <summary>Ends reading with an error, unless all has arrived already.</summary>
    /// <param name="fault">Makes the exception that reads throw.</param>
    /// <param name="evenAfterFin">Whether also what has arrived whole is dropped.</param>
    /// <returns>How many unread bytes were dropped.</returns>
    public long Fault(Func<Exception> fault, bool evenAfterFin = false)
    {
        if (_fault is not null || (_hasFin && (!evenAfterFin || IsReleased)))
        {
            return 0;
        }

        long dropped = _received - _consumed;
        _fault = fault;
        _head = _tail = null;
        _consumed = _received;
        Wake();
        return dropped;
    }

    public override bool TryRead(out ReadResult result)
    {
        using MemoryNetwork.Scope scope = _network.Enter();
        ThrowIfCannotRead();
        if (!IsReady)
        {
            result = default;
            return false;
        }

        result = TakeResult();
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        }

        using MemoryNetwork.Scope scope = _network.Enter();
        try
        {
            ThrowIfCannotRead();
            if (IsReady)
            {
                return new(TakeResult());
            }
        }
        catch (TransportException exception)
        {
            return ValueTask.FromException<ReadResult>(exception);
        }

        var waiter = new MemoryWaiter<ReadResult>(_network, stream.Connection.RunsInline);
        _waiter = waiter;
        waiter.CancelWith(() => _waiter = null, cancellationToken);
        return new(waiter.Task);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        using MemoryNetwork.Scope scope = _network.Enter();
        if (!_reading)
        {
            throw new InvalidOperationException("There is no read to end: call AdvanceTo once after each read.");
        }

        _reading = false;
        if (_fault is not null)
        {
            return;
        }

        long consumedTo = OffsetOf(consumed);
        long examinedTo = OffsetOf(examined);
        if (consumedTo < _consumed || consumedTo > _received || examinedTo < consumedTo)
        {
            throw new InvalidOperationException("The position was not taken from the last read's buffer, or less was examined than consumed.");
        }

        long count = consumedTo - _consumed;
        _consumed = consumedTo;
        _examined = examinedTo;
        DropConsumed();
        if (count > 0)
        {
            stream.HandleConsumed(count);
        }
    }

    public override void CancelPendingRead()
    {
        using MemoryNetwork.Scope scope = _network.Enter();
        _cancelNext = true;
        Wake();
    }

    public override void Complete(Exception? exception = null)
    {
        using MemoryNetwork.Scope scope = _network.Enter();
        if (!_completed)
        {
            stream.AbortRead(stream.Connection.Options.DefaultStreamErrorCode);
            _completed = true;
            stream.HandleConsumed(0);
        }
    }

    private bool IsReady => _received > _examined || _hasFin || _cancelNext || _fault is not null;

    private void ThrowIfCannotRead()
    {
        if (_completed)
        {
            throw new InvalidOperationException("Reading is not allowed after the reader was completed.");
        }

        if (_reading || _waiter is not null)
        {
            throw new InvalidOperationException("A read is under way: one at a time, and AdvanceTo after each.");
        }

        if (_fault is not null)
        {
            throw _fault();
        }
    }

    private void Wake()
    {
        if (_waiter is { } waiter && IsReady)
        {
            _waiter = null;
            if (_fault is not null)
            {
                waiter.TrySetException(_fault());
            }
            else
            {
                waiter.TrySetResult(TakeResult());
            }
        }
    }

    private ReadResult TakeResult()
    {
        ReadOnlySequence<byte> buffer = _head is null
            ? ReadOnlySequence<byte>.Empty
            : new(_head, (int)(_consumed - _head.RunningIndex), _tail!, _tail!.Memory.Length);
        bool cancelled = _cancelNext;
        _cancelNext = false;
        _reading = true;
        return new ReadResult(buffer, cancelled, _hasFin);
    }

    // The positions of an empty buffer belong to no segment; they stand at the place where the next byte will be.
    private long OffsetOf(SequencePosition position) => position.GetObject() is Segment segment ? segment.RunningIndex + position.GetInteger() : _consumed;

    private void DropConsumed()
    {
        while (_head is not null && _head.RunningIndex + _head.Memory.Length <= _consumed)
        {
            _head = (Segment?)_head.Next;
        }

        if (_head is null)
        {
            _tail = null;
        }
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long offset, Segment? previous)
        {
            Memory = memory;
            RunningIndex = offset;
            previous?.Next = this;
        }
    }
}
