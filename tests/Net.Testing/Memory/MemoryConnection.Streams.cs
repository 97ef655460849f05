using System.Diagnostics.CodeAnalysis;

namespace Net.Testing;

/// <content>Streams, their credit, and datagrams.</content>
internal sealed partial class MemoryConnection
{
    private const int FrameOverhead = 16;

    private readonly Dictionary<long, MemoryTransportStream> _streams = [];
    private readonly Queue<MemoryTransportStream> _acceptable = new();
    private readonly Queue<ReadOnlyMemory<byte>> _datagrams = new();
    private readonly List<MemoryStreamOutput> _sendQueue = [];
    private readonly LinkedList<MemoryWaiter<TransportStream>>[] _openWaiters = [new(), new()];
    private readonly long[] _opened = new long[2];
    private readonly long[] _allowed = new long[2];
    private MemoryWaiter<TransportStream>? _acceptWaiter;
    private MemoryWaiter<ReadOnlyMemory<byte>>? _datagramWaiter;
    private TransportLimits _peerLimits = TransportLimits.Default;
    private long _sendCredit;
    private long _bytesInFlight;
    private bool _isSending;

    public override int AvailableBidirectionalStreams => Available(StreamDirection.Bidirectional);

    public override int AvailableUnidirectionalStreams => Available(StreamDirection.Unidirectional);

    public override int MaxDatagramSize =>
        _state == State.Open && Capabilities.HasFlag(EngineCapabilities.Datagrams) ? _peerLimits.MaxDatagramSize : 0;

    public override ValueTask<TransportStream> OpenStreamAsync(
        StreamDirection direction, Idempotency idempotency = Idempotency.NonIdempotent, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TransportStream>(cancellationToken);
        }

        using MemoryNetwork.Scope scope = Network.Enter();
        if (_close is not null)
        {
            return ValueTask.FromException<TransportStream>(_close.ToException(isSafeToRetry: true));
        }

        if (TryOpenStream(direction, idempotency, out TransportStream? stream))
        {
            return new(stream);
        }

        var waiter = new MemoryWaiter<TransportStream>(Network, RunsInline);
        LinkedListNode<MemoryWaiter<TransportStream>> node = _openWaiters[(int)direction].AddLast(waiter);
        waiter.CancelWith(() => _openWaiters[(int)direction].Remove(node), cancellationToken);
        return new(waiter.Task);
    }

    public override bool TryOpenStream(StreamDirection direction, Idempotency idempotency, [NotNullWhen(true)] out TransportStream? stream)
    {
        using MemoryNetwork.Scope scope = Network.Enter();
        bool allowed = _state == State.Open && _opened[(int)direction] < _allowed[(int)direction] && _openWaiters[(int)direction].Count == 0;
        stream = allowed ? CreateStream(direction) : null;
        return allowed;
    }

    public override ValueTask<TransportStream> AcceptStreamAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TransportStream>(cancellationToken);
        }

        using MemoryNetwork.Scope scope = Network.Enter();
        if (_acceptable.TryDequeue(out MemoryTransportStream? stream))
        {
            return new(stream);
        }

        if (_close is not null)
        {
            return ValueTask.FromException<TransportStream>(_close.ToException());
        }

        if (_acceptWaiter is not null)
        {
            throw new InvalidOperationException("Another caller waits for a stream: one at a time.");
        }

        MemoryWaiter<TransportStream> waiter = _acceptWaiter = new(Network, RunsInline);
        waiter.CancelWith(() => _acceptWaiter = null, cancellationToken);
        return new(waiter.Task);
    }

    public override bool TrySendDatagram(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty)
        {
            throw new ArgumentException("A datagram has at least one byte.", nameof(payload));
        }

        using MemoryNetwork.Scope scope = Network.Enter();
        if (!Capabilities.HasFlag(EngineCapabilities.Datagrams) || _peerLimits.MaxDatagramSize == 0)
        {
            throw new NotSupportedException($"The {_engine.Name} engine or the peer takes no datagrams; set TransportLimits.MaxDatagramSize on both sides.");
        }

        if (payload.Length > _peerLimits.MaxDatagramSize)
        {
            throw new TransportException(
                TransportError.MessageTooLarge, $"The datagram has {payload.Length} bytes; the peer takes {_peerLimits.MaxDatagramSize} (its TransportLimits.MaxDatagramSize).");
        }

        if (_state != State.Open)
        {
            return false;
        }

        byte[] copy = payload.ToArray();
        SendFrame(copy.Length, peer => peer.ReceiveDatagram(copy));
        return true;
    }

    public override ValueTask<ReadOnlyMemory<byte>> ReceiveDatagramAsync(CancellationToken cancellationToken = default)
    {
        if (!Capabilities.HasFlag(EngineCapabilities.Datagrams) || Options.Limits.MaxDatagramSize == 0)
        {
            throw new NotSupportedException($"The {_engine.Name} engine takes no datagrams here; set TransportLimits.MaxDatagramSize.");
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ReadOnlyMemory<byte>>(cancellationToken);
        }

        using MemoryNetwork.Scope scope = Network.Enter();
        if (_datagrams.TryDequeue(out ReadOnlyMemory<byte> datagram))
        {
            return new(datagram);
        }

        if (_close is not null)
        {
            return ValueTask.FromException<ReadOnlyMemory<byte>>(_close.ToException());
        }

        if (_datagramWaiter is not null)
        {
            throw new InvalidOperationException("Another caller waits for a datagram: one at a time.");
        }

        MemoryWaiter<ReadOnlyMemory<byte>> waiter = _datagramWaiter = new(Network, RunsInline);
        waiter.CancelWith(() => _datagramWaiter = null, cancellationToken);
        return new(waiter.Task);
    }

    /// <summary>Sends bytes of a stream. The caller has counted them against its credit.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="fin">Whether they are the last.</param>
    internal void SendData(MemoryTransportStream stream, ReadOnlyMemory<byte> data, bool fin)
    {
        _bytesInFlight += data.Length;
        SendFrame(data.Length + FrameOverhead, stream.AnnounceTo(peer => peer.ReceiveData(stream.Id, data, fin)));
    }

    /// <summary>Lets a stream send as far as credit goes, in the order of priority.</summary>
    /// <param name="output">The stream's sending side.</param>
    internal void QueueSend(MemoryStreamOutput output)
    {
        if (output.CanSend && !_sendQueue.Contains(output))
        {
            _sendQueue.Add(output);
        }

        if (_isSending)
        {
            return;
        }

        _isSending = true;
        while (_sendCredit > 0 && TakeNextToSend() is { } next)
        {
            _sendCredit -= next.SendPiece(_sendCredit);
            if (next.CanSend)
            {
                _sendQueue.Add(next);
            }
        }

        _isSending = false;
    }

    /// <summary>Gives credit back to the peer.</summary>
    /// <param name="stream">The stream whose bytes are out of the way.</param>
    /// <param name="count">How many.</param>
    /// <param name="forStream">Whether the stream goes on, and gets credit of its own.</param>
    internal void ReturnCredit(MemoryTransportStream stream, long count, bool forStream)
    {
        if (count > 0)
        {
            SendFrame(FrameOverhead, peer => peer.ReceiveCredit(stream.Id, count, forStream));
            if (forStream)
            {
                Network.Defer(() => _engine.ShowConsumed(stream));
            }
        }
    }

    /// <summary>Takes note of a stream that the peer opened.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="direction">Which sides send.</param>
    internal void ReceiveStream(long id, StreamDirection direction)
    {
        var stream = new MemoryTransportStream(this, id, direction, isLocal: false, _peerLimits.StreamReceiveWindow);
        _streams.Add(id, stream);
        Network.Defer(() => TransportDiagnostics.StreamOpened(_engine.Name, isLocal: false));
        if (_acceptWaiter is { } waiter)
        {
            _acceptWaiter = null;
            waiter.TrySetResult(stream);
        }
        else
        {
            _acceptable.Enqueue(stream);
        }
    }

    /// <summary>Takes a RESET_STREAM.</summary>
    /// <param name="id">The stream.</param>
    /// <param name="errorCode">Its code.</param>
    internal void ReceiveReset(long id, long errorCode) => _streams.GetValueOrDefault(id)?.ReceiveReset(errorCode);

    /// <summary>Takes a STOP_SENDING.</summary>
    /// <param name="id">The stream.</param>
    /// <param name="errorCode">Its code.</param>
    internal void ReceiveStopSending(long id, long errorCode) => _streams.GetValueOrDefault(id)?.ReceiveStopSending(errorCode);

    /// <summary>Forgets a stream that is over, and lets the peer open another in its place.</summary>
    /// <param name="stream">The stream.</param>
    internal void Release(MemoryTransportStream stream)
    {
        _streams.Remove(stream.Id);
        if (!stream.IsLocallyInitiated)
        {
            SendFrame(FrameOverhead, peer => peer.ReceiveStreamCredit(stream.Direction));
        }
    }

    private void ReceiveData(long id, ReadOnlyMemory<byte> data, bool fin)
    {
        MemoryTransportStream? stream = _streams.GetValueOrDefault(id);
        if (stream?.ReceiveData(data, fin) != true && !data.IsEmpty)
        {
            SendFrame(FrameOverhead, peer => peer.ReceiveCredit(id, data.Length, forStream: false));
        }

        SendFrame(FrameOverhead, peer =>
        {
            peer._bytesInFlight -= data.Length;
            peer._streams.GetValueOrDefault(id)?.ReceiveAcknowledgement(data.Length, fin);
        });
    }

    private void ReceiveCredit(long id, long count, bool forStream)
    {
        _sendCredit += count;
        MemoryTransportStream? stream = forStream ? _streams.GetValueOrDefault(id) : null;
        if (stream is { CanWrite: true })
        {
            stream.ReceiveCredit(count);
        }
        else if (_sendQueue.Count > 0)
        {
            QueueSend(_sendQueue[0]);
        }
    }

    private void ReceiveStreamCredit(StreamDirection direction)
    {
        _allowed[(int)direction]++;
        if (_openWaiters[(int)direction].First is { } first)
        {
            _openWaiters[(int)direction].RemoveFirst();
            first.Value.TrySetResult(CreateStream(direction));
        }

        int available = Available(direction);
        Raise(() => TransportEvents.Raise(_engine.Name, StreamCreditChanged, this, new StreamCreditEventArgs(direction, available)));
    }

    private void ReceiveDatagram(ReadOnlyMemory<byte> payload)
    {
        if (_datagramWaiter is { } waiter)
        {
            _datagramWaiter = null;
            waiter.TrySetResult(payload);
            return;
        }

        if (_datagrams.Count == Options.Limits.DatagramReceiveQueue)
        {
            _datagrams.Dequeue();
        }

        _datagrams.Enqueue(payload);
    }

    private int Available(StreamDirection direction)
    {
        using MemoryNetwork.Scope scope = Network.Enter();
        return _state == State.Open ? (int)(_allowed[(int)direction] - _opened[(int)direction]) : 0;
    }

    private void OpenStreamCredit(TransportLimits peer)
    {
        _peerLimits = peer;
        _sendCredit = peer.ConnectionReceiveWindow;
        _allowed[(int)StreamDirection.Bidirectional] = peer.MaxInboundBidirectionalStreams;
        _allowed[(int)StreamDirection.Unidirectional] = peer.MaxInboundUnidirectionalStreams;
    }

    private MemoryTransportStream CreateStream(StreamDirection direction)
    {
        long id = (_opened[(int)direction]++ << 2) | ((long)direction << 1) | (IsServer ? 1L : 0L);
        var stream = new MemoryTransportStream(this, id, direction, isLocal: true, _peerLimits.StreamReceiveWindow);
        _streams.Add(id, stream);
        Network.Defer(() =>
        {
            TransportDiagnostics.StreamOpened(_engine.Name, isLocal: true);
            _engine.ShowOpened(stream);
        });
        return stream;
    }

    // Lower urgency first; within one, whole streams by age before those that take turns by place in the queue.
    private MemoryStreamOutput? TakeNextToSend()
    {
        int best = -1;
        for (int i = _sendQueue.Count - 1; i >= 0; i--)
        {
            if (!_sendQueue[i].CanSend)
            {
                _sendQueue.RemoveAt(i);
                best--;
            }
            else if (best < 0 || SendOrder(i).CompareTo(SendOrder(best)) < 0)
            {
                best = i;
            }
        }

        if (best < 0)
        {
            return null;
        }

        MemoryStreamOutput next = _sendQueue[best];
        _sendQueue.RemoveAt(best);
        return next;
    }

    private (int Urgency, bool Incremental, long Order) SendOrder(int index)
    {
        MemoryTransportStream stream = _sendQueue[index].Stream;
        return (stream.Priority.Urgency, stream.Priority.Incremental, stream.Priority.Incremental ? index : stream.Id);
    }

    private void EndStreams(ConnectionClose close)
    {
        foreach (MemoryTransportStream stream in _streams.Values.ToArray())
        {
            stream.HandleConnectionEnd(close);
        }

        foreach (MemoryWaiter<TransportStream> waiter in _openWaiters.SelectMany(w => w).ToArray())
        {
            waiter.TrySetException(close.ToException(isSafeToRetry: true));
        }

        _openWaiters[0].Clear();
        _openWaiters[1].Clear();
        _acceptWaiter?.TrySetException(close.ToException());
        _acceptWaiter = null;
        _datagramWaiter?.TrySetException(close.ToException());
        _datagramWaiter = null;
        _sendQueue.Clear();
    }
}
