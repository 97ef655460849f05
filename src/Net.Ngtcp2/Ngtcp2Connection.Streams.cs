using System.Diagnostics.CodeAnalysis;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Streams;

namespace Net.Ngtcp2;

// Opening, accepting, credit, datagrams and events.
internal sealed partial class Ngtcp2Connection
{
    private readonly Lock _openLock = new();
    private readonly Queue<Ngtcp2Stream> _toOpen = new();
    private readonly Queue<StreamOpener> _bidirectionalOpeners = new();
    private readonly Queue<StreamOpener> _unidirectionalOpeners = new();
    private readonly AcceptQueue<TransportStream> _acceptQueue;
    private readonly DatagramQueue _datagramQueue;
    private readonly CreditWork _creditWork;
    private readonly int _connectionCreditLump;
    private readonly SerialEvents _events = new();
    private volatile int _toOpenCount;
    private long _openedBidirectional;
    private long _openedUnidirectional;
    private long _allowedBidirectional;
    private long _allowedUnidirectional;
    private long _consumedCredit;
    private int _draining;

    public override event EventHandler<PathChangedEventArgs>? PathChanged;

    public override event EventHandler<StreamCreditEventArgs>? StreamCreditChanged;

    public override event EventHandler? Draining;

    public override bool IsDraining => Volatile.Read(ref _draining) != 0;

    public override int AvailableBidirectionalStreams => Available(StreamDirection.Bidirectional);

    public override int AvailableUnidirectionalStreams => Available(StreamDirection.Unidirectional);

    public override int MaxDatagramSize => ReadFigures().LargestDatagram;

    internal int StreamCreditLump { get; }

    internal bool HasStreamsToOpen => _toOpenCount > 0;

    public override bool TryOpenStream(StreamDirection direction, Idempotency idempotency, [NotNullWhen(true)] out TransportStream? stream)
    {
        lock (_openLock)
        {
            stream = Queue(direction).Count == 0 && MayOpen(idempotency) ? TakeStream_NeedsLock(direction) : null;
        }

        if (stream is not null)
        {
            TransportDiagnostics.StreamOpened(Ngtcp2Engine.EngineName, isLocal: true);
        }

        return stream is not null;
    }

    public override ValueTask<TransportStream> OpenStreamAsync(
        StreamDirection direction, Idempotency idempotency = Idempotency.NonIdempotent, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TransportStream>(cancellationToken);
        }

        if (TryOpenStream(direction, idempotency, out TransportStream? stream))
        {
            return new ValueTask<TransportStream>(stream);
        }

        return WaitForStreamAsync(direction, idempotency, cancellationToken);
    }

    public override ValueTask<TransportStream> AcceptStreamAsync(CancellationToken cancellationToken = default) => _acceptQueue.TakeAsync(cancellationToken);

    public override bool TrySendDatagram(ReadOnlySpan<byte> payload)
    {
        if (_close is not null)
        {
            return false;
        }

        int max = MaxDatagramSize;
        if (max == 0)
        {
            throw new NotSupportedException("The peer takes no datagrams; it must set TransportLimits.MaxDatagramSize.");
        }

        if (payload.Length > max)
        {
            throw new TransportException(TransportError.MessageTooLarge, $"The datagram has {payload.Length} bytes; this path carries at most {max} (TransportConnection.MaxDatagramSize).");
        }

        if (payload.IsEmpty)
        {
            throw new ArgumentException("A datagram has at least one byte.", nameof(payload));
        }

        if (!_datagramQueue.TryAddToSend(payload))
        {
            return false;
        }

        Post(_creditWork);
        return true;
    }

    public override ValueTask<ReadOnlyMemory<byte>> ReceiveDatagramAsync(CancellationToken cancellationToken = default)
    {
        if (Options.Limits.MaxDatagramSize == 0)
        {
            throw new NotSupportedException("This side takes no datagrams: TransportLimits.MaxDatagramSize is 0.");
        }

        return _datagramQueue.ReceiveAsync(cancellationToken);
    }

    /// <summary>The application consumed bytes: gives connection credit back, in lumps.</summary>
    internal void ReturnCredit(long bytes)
    {
        long total = Interlocked.Add(ref _consumedCredit, bytes);
        if (total >= _connectionCreditLump)
        {
            _creditWork.PostOnce();
        }
    }

    internal bool TryTakeStreamToOpen([NotNullWhen(true)] out Ngtcp2Stream? stream)
    {
        lock (_openLock)
        {
            bool taken = _toOpen.TryDequeue(out stream);
            _toOpenCount = _toOpen.Count;
            return taken;
        }
    }

    /// <summary>Learns how many streams the peer allows, and serves those who wait. Called on the driver's thread.</summary>
    internal void SetStreamCredit(long bidirectionalLeft, long unidirectionalLeft)
    {
        int moreBidirectional;
        int moreUnidirectional;
        lock (_openLock)
        {
            // The library does not know the streams yet that wait to be opened; they have their ids already.
            long waitingBidirectional = _toOpen.Count(static s => s.Direction == StreamDirection.Bidirectional);
            long waitingUnidirectional = _toOpen.Count - waitingBidirectional;
            long allowedBidirectional = _openedBidirectional - waitingBidirectional + bidirectionalLeft;
            long allowedUnidirectional = _openedUnidirectional - waitingUnidirectional + unidirectionalLeft;
            moreBidirectional = (int)Math.Min(int.MaxValue, allowedBidirectional - _allowedBidirectional);
            moreUnidirectional = (int)Math.Min(int.MaxValue, allowedUnidirectional - _allowedUnidirectional);
            _allowedBidirectional = allowedBidirectional;
            _allowedUnidirectional = allowedUnidirectional;
        }

        ReleaseOpeners();
        if (moreBidirectional > 0)
        {
            RaiseStreamCredit(StreamDirection.Bidirectional);
        }

        if (moreUnidirectional > 0)
        {
            RaiseStreamCredit(StreamDirection.Unidirectional);
        }
    }

    /// <summary>Ids begin anew after refused early data; streams that had not been sent yet fail with the others.</summary>
    internal void RestartStreamIds(TransportException failure)
    {
        Ngtcp2Stream[] lost;
        lock (_openLock)
        {
            lost = [.. _toOpen];
            _toOpen.Clear();
            _toOpenCount = 0;
            _openedBidirectional = 0;
            _openedUnidirectional = 0;
            _allowedBidirectional = 0;
            _allowedUnidirectional = 0;
        }

        foreach (Ngtcp2Stream stream in lost)
        {
            stream.Close(failure);
        }
    }

    /// <summary>Tells that no new streams should be opened; only the first call counts.</summary>
    internal void RaiseDraining()
    {
        if (Interlocked.Exchange(ref _draining, 1) == 0 && Draining is { } handler)
        {
            _events.Raise(() => TransportEvents.Raise(Ngtcp2Engine.EngineName, handler, this, EventArgs.Empty, HandleEventFailure));
        }
    }

    private async ValueTask<TransportStream> WaitForStreamAsync(StreamDirection direction, Idempotency idempotency, CancellationToken cancellationToken)
    {
        var opener = new StreamOpener(idempotency);
        TransportStream? ready = null;
        lock (_openLock)
        {
            ThrowIfClosed();
            Queue<StreamOpener> queue = Queue(direction);
            ready = queue.Count == 0 && MayOpen(idempotency) ? TakeStream_NeedsLock(direction) : null;
            if (ready is null)
            {
                queue.Enqueue(opener);
            }
        }

        if (ready is null)
        {
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
                static (state, token) => ((StreamOpener)state!).TrySetCanceled(token), opener);
            ready = await opener.Task.ConfigureAwait(false);
        }

        TransportDiagnostics.StreamOpened(Ngtcp2Engine.EngineName, isLocal: true);
        return ready;
    }

    private void ReleaseOpeners()
    {
        ReleaseOpeners(StreamDirection.Bidirectional);
        ReleaseOpeners(StreamDirection.Unidirectional);
    }

    private void ReleaseOpeners(StreamDirection direction)
    {
        lock (_openLock)
        {
            Queue<StreamOpener> queue = Queue(direction);
            while (queue.TryPeek(out StreamOpener? opener))
            {
                if (opener.Task.IsCompleted)
                {
                    // It was cancelled while it waited.
                    queue.Dequeue();
                    continue;
                }

                if (!MayOpen(opener.Idempotency) || Left_NeedsLock(direction) <= 0 || !opener.TryClaim())
                {
                    if (opener.Task.IsCompleted)
                    {
                        continue;
                    }

                    return;
                }

                queue.Dequeue();
                opener.Complete(TakeStream_NeedsLock(direction)!);
            }
        }
    }

    private void FailOpeners(ConnectionClose close)
    {
        List<StreamOpener> waiting;
        Ngtcp2Stream[] unopened;
        lock (_openLock)
        {
            waiting = [.. _bidirectionalOpeners, .. _unidirectionalOpeners];
            _bidirectionalOpeners.Clear();
            _unidirectionalOpeners.Clear();
            unopened = [.. _toOpen];
            _toOpen.Clear();
            _toOpenCount = 0;
        }

        foreach (StreamOpener opener in waiting)
        {
            opener.TrySetException(close.ToException(isSafeToRetry: true));
        }

        foreach (Ngtcp2Stream stream in unopened)
        {
            // Nothing of these was ever sent.
            stream.Close(close.ToException(isSafeToRetry: true));
        }
    }

    private bool MayOpen(Idempotency idempotency) =>
        _close is null && (_handshake.Task.IsCompletedSuccessfully || (idempotency != Idempotency.NonIdempotent && EarlyData == EarlyDataStatus.Pending && _usable.Task.IsCompletedSuccessfully));

    private Ngtcp2Stream? TakeStream_NeedsLock(StreamDirection direction)
    {
        if (Left_NeedsLock(direction) <= 0)
        {
            return null;
        }

        long number = direction == StreamDirection.Bidirectional ? _openedBidirectional++ : _openedUnidirectional++;
        long id = (number << 2) | (direction == StreamDirection.Unidirectional ? 2L : 0) | (IsServer ? 1L : 0);
        var stream = new Ngtcp2Stream(this, id, isLocal: true);
        _toOpen.Enqueue(stream);
        _toOpenCount = _toOpen.Count;
        return stream;
    }

    private long Left_NeedsLock(StreamDirection direction) =>
        direction == StreamDirection.Bidirectional ? _allowedBidirectional - _openedBidirectional : _allowedUnidirectional - _openedUnidirectional;

    private Queue<StreamOpener> Queue(StreamDirection direction) =>
        direction == StreamDirection.Bidirectional ? _bidirectionalOpeners : _unidirectionalOpeners;

    private int Available(StreamDirection direction)
    {
        lock (_openLock)
        {
            return _close is null ? (int)Math.Clamp(Left_NeedsLock(direction), 0, int.MaxValue) : 0;
        }
    }

    private void RaiseStreamCredit(StreamDirection direction)
    {
        if (StreamCreditChanged is { } handler)
        {
            _events.Raise(() => TransportEvents.Raise(Ngtcp2Engine.EngineName, handler, this, new StreamCreditEventArgs(direction, Available(direction)), HandleEventFailure));
        }
    }

    private void RaisePathChanged(PathChangedEventArgs args)
    {
        if (PathChanged is { } handler)
        {
            _events.Raise(() => TransportEvents.Raise(Ngtcp2Engine.EngineName, handler, this, args, HandleEventFailure));
        }
    }

    private void HandleEventFailure(Exception exception) => _host.Logger.EventHandlerFailed(Id, exception);

    // Connection credit, and a nudge to send what was queued.
    private sealed class CreditWork(Ngtcp2Connection connection) : IDriverWork
    {
        private int _posted;

        internal void PostOnce()
        {
            if (Interlocked.Exchange(ref _posted, 1) == 0)
            {
                connection._host.Post(this);
            }
        }

        public void Run()
        {
            Volatile.Write(ref _posted, 0);
            long bytes = Interlocked.Exchange(ref connection._consumedCredit, 0);
            connection._driver?.GiveConnectionCredit(bytes);
        }
    }

    private sealed class StreamOpener(Idempotency idempotency) : TaskCompletionSource<TransportStream>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        private int _claimed;

        internal Idempotency Idempotency { get; } = idempotency;

        // Only one of cancellation and success may win, as a stream that was made must reach somebody.
        internal bool TryClaim() => Interlocked.CompareExchange(ref _claimed, 1, 0) == 0;

        internal void Complete(TransportStream stream) => SetResult(stream);

        internal new bool TrySetCanceled(CancellationToken cancellationToken) => TryClaim() && base.TrySetCanceled(cancellationToken);
    }
}
