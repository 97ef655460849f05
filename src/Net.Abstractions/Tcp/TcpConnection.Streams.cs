using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Net;

// Streams begin and end, and who may open how many.
internal sealed partial class TcpConnection
{
    private const long IdStep = 4;

    private readonly Dictionary<long, TcpStream> _streams = [];
    private readonly Channel<TransportStream> _accepted = Channel.CreateUnbounded<TransportStream>(new UnboundedChannelOptions { SingleWriter = false });
    private readonly SemaphoreSlim _openCredit;
    private long _nextId;
    private long _allowedStreams = TcpFrame.InitialStreams;
    private long _peerStreamLimit;
    private bool _grantsStreams;

    public override int AvailableBidirectionalStreams
    {
        get
        {
            lock (_lock)
            {
                return _close is not null || IsServer ? 0 : _openCredit.CurrentCount;
            }
        }
    }

    public override int AvailableUnidirectionalStreams => 0;

    public override async ValueTask<TransportStream> OpenStreamAsync(
        StreamDirection direction, Idempotency idempotency = Idempotency.NonIdempotent, CancellationToken cancellationToken = default)
    {
        ThrowIfUnsupported(direction);
        cancellationToken.ThrowIfCancellationRequested();
        if (TryOpenStream(direction, idempotency, out TransportStream? stream))
        {
            return stream;
        }

        ThrowIfEnded();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        try
        {
            await _openCredit.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ThrowEnded(isSafeToRetry: true);
        }

        return Open();
    }

    public override bool TryOpenStream(StreamDirection direction, Idempotency idempotency, [NotNullWhen(true)] out TransportStream? stream)
    {
        ThrowIfUnsupported(direction);
        stream = null;
        lock (_lock)
        {
            if (_close is not null || !_openCredit.Wait(0, CancellationToken.None))
            {
                return false;
            }
        }

        stream = Open();
        return true;
    }

    public override async ValueTask<TransportStream> AcceptStreamAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await _accepted.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw _close!.ToException();
        }
    }

    /// <summary>Forgets a stream that is over in both directions and that its user has disposed. A server then allows another one.</summary>
    internal void Remove(TcpStream stream)
    {
        lock (_lock)
        {
            if (!_streams.Remove(stream.Id) || !IsServer)
            {
                return;
            }

            _peerStreamLimit++;
            _grantsStreams = true;
        }

        _signal.Writer.TryWrite(true);
    }

    private TcpStream Open()
    {
        TcpStream stream;
        lock (_lock)
        {
            if (_close is not null)
            {
                ThrowEnded(isSafeToRetry: true);
            }

            stream = new TcpStream(this, _nextId, isLocal: true);
            _nextId += IdStep;
            _streams.Add(stream.Id, stream);
        }

        TransportDiagnostics.StreamOpened(EngineName, isLocal: true);
        return stream;
    }

    private void ThrowIfUnsupported(StreamDirection direction)
    {
        if (direction != StreamDirection.Bidirectional || IsServer)
        {
            throw new NotSupportedException("Over TCP the client opens bidirectional streams, and no others exist (protocol/net-1.md, section 7).");
        }
    }

    private void ThrowIfEnded()
    {
        if (IsDraining)
        {
            ThrowEnded(isSafeToRetry: true);
        }
    }

    /// <summary>Finds the stream that a frame is for; the client's first frame opens it, and all with lower ids before it.</summary>
    /// <returns>The stream, or <c>null</c> when it is over and the frame was on its way already.</returns>
    private TcpStream? Find(long id)
    {
        List<TcpStream>? opened = null;
        TcpStream? found;
        lock (_lock)
        {
            if (id % IdStep != 0)
            {
                throw new TcpViolationException($"A frame names stream {id}; ids are multiples of 4.");
            }

            if (!IsServer && id >= _nextId)
            {
                throw new TcpViolationException($"A frame names stream {id}, which this side has not opened.");
            }

            if (id / IdStep >= _peerStreamLimit && IsServer)
            {
                throw new TcpViolationException($"The peer opened stream {id} although it may open {_peerStreamLimit} streams.");
            }

            while (_nextId <= id && _close is null)
            {
                var stream = new TcpStream(this, _nextId, isLocal: false);
                _nextId += IdStep;
                _streams.Add(stream.Id, stream);
                (opened ??= []).Add(stream);
            }

            found = _streams.GetValueOrDefault(id);
        }

        foreach (TcpStream stream in opened ?? [])
        {
            TransportDiagnostics.StreamOpened(EngineName, isLocal: false);
            _accepted.Writer.TryWrite(stream);
        }

        return found;
    }

    private void Allow(long limit)
    {
        EventHandler<StreamCreditEventArgs>? handlers;
        lock (_lock)
        {
            long more = limit - _allowedStreams;
            if (IsServer || more <= 0 || _close is not null)
            {
                return;
            }

            _allowedStreams = limit;
            _openCredit.Release((int)Math.Min(more, int.MaxValue / 2));
            handlers = _streamCreditChanged;
        }

        if (handlers is not null)
        {
            var credit = new StreamCreditEventArgs(StreamDirection.Bidirectional, AvailableBidirectionalStreams);
            ThreadPool.QueueUserWorkItem(static state => TransportEvents.Raise(EngineName, state.Handlers, state.Connection, state.Credit), (Handlers: handlers, Connection: this, Credit: credit), preferLocal: false);
        }
    }
}
