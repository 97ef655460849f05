using System.Diagnostics.CodeAnalysis;

namespace Net.Chaos.Simulation.Frames;

// Streams and their credit. Servers open unidirectional ones alone, of which neither side ever opens more than a session of HTTP/3 needs.
internal sealed partial class FrameConnection
{
    /// <summary>Set in the ids of unidirectional streams (RFC 9000, section 2.1).</summary>
    internal const long UnidirectionalBit = 2;

    private const int StreamLimit = 8;
    private const int UnidirectionalLimit = 3;
    private const long ServerBit = 1;
    private const long TypeBits = UnidirectionalBit | ServerBit;
    private readonly Dictionary<long, FrameStream> _streams = [];
    private readonly Queue<TaskCompletionSource<TransportStream>> _openers = new();
    private readonly Queue<TransportStream> _accepted = new();
    private TaskCompletionSource<TransportStream>? _accepting;
    private readonly long[] _known = new long[TypeBits + 1];
    private long _allowed = StreamLimit;

    public override int AvailableBidirectionalStreams => _isOpen && _close is null ? (int)(_allowed - _known[0]) : 0;

    public override int AvailableUnidirectionalStreams => _isOpen && _close is null ? (int)(UnidirectionalLimit - _known[UnidirectionalBit | OwnBit]) : 0;

    public override event EventHandler<StreamCreditEventArgs>? StreamCreditChanged;

    /// <summary>Streams that are not over.</summary>
    internal int OpenStreams => _streams.Count;

    private long OwnBit => IsServer ? ServerBit : 0;

    public override bool TryOpenStream(StreamDirection direction, Idempotency idempotency, [NotNullWhen(true)] out TransportStream? stream)
    {
        if (direction == StreamDirection.Unidirectional)
        {
            stream = AvailableUnidirectionalStreams > 0 ? TakeStream(UnidirectionalBit | OwnBit) : null;
            return stream is not null;
        }

        stream = AvailableBidirectionalStreams > 0 && _openers.Count == 0 && !IsServer ? TakeStream(0) : null;
        return stream is not null;
    }

    public override async ValueTask<TransportStream> OpenStreamAsync(
        StreamDirection direction, Idempotency idempotency = Idempotency.NonIdempotent, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfOver();
        if (TryOpenStream(direction, idempotency, out TransportStream? stream))
        {
            return stream;
        }

        if (direction == StreamDirection.Unidirectional || IsServer)
        {
            throw new SimulationException("A session wants more streams than the simulation gives it.");
        }

        var opener = new TaskCompletionSource<TransportStream>();
        _openers.Enqueue(opener);
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static (opener, token) => ((TaskCompletionSource<TransportStream>)opener!).TrySetCanceled(token), opener);
        return await opener.Task.ConfigureAwait(false);
    }

    public override ValueTask<TransportStream> AcceptStreamAsync(CancellationToken cancellationToken = default)
    {
        if (_accepted.TryDequeue(out TransportStream? stream))
        {
            return new ValueTask<TransportStream>(stream);
        }

        ThrowIfOver();
        _accepting = new TaskCompletionSource<TransportStream>();
        return new ValueTask<TransportStream>(_accepting.Task);
    }

    /// <summary>Bytes of a stream have come; a host learns of it with the first.</summary>
    internal void ReceiveData(long id, byte[] data, bool isEnd) => Find(id)?.ReceiveData(data, isEnd);

    internal void ReceiveReset(long id, long code) => Find(id)?.ReceiveReset(code);

    internal void ReceiveStop(long id, long code) => Find(id)?.ReceiveStop(code);

    /// <summary>The peer has all of a stream.</summary>
    internal void ReceiveAcknowledgement(long id)
    {
        if (_streams.TryGetValue(id, out FrameStream? stream))
        {
            stream.ReceiveAcknowledgement();
        }
    }

    /// <summary>A stream is over in both directions.</summary>
    internal void Remove(FrameStream stream)
    {
        if (_streams.Remove(stream.Id) && IsServer && stream.Direction == StreamDirection.Bidirectional)
        {
            Send(static client => client.ReceiveCredit());
        }
    }

    // Streams are numbered without gaps, so that one that is not known and has not a new number is over.
    private FrameStream? Find(long id)
    {
        long type = id & TypeBits;
        if (_streams.TryGetValue(id, out FrameStream? stream) || (id & ServerBit) == OwnBit || id < Next(type))
        {
            return stream;
        }

        // One that was opened before this and sent nothing yet will come later; the numbers say which.
        while (Next(type) <= id)
        {
            stream = new FrameStream(this, Next(type), isLocal: false);
            _known[type]++;
            _streams.Add(stream.Id, stream);
            Accept(stream);
        }

        return _streams.GetValueOrDefault(id);
    }

    private void Accept(FrameStream stream)
    {
        if (_accepting is { } accepting)
        {
            _accepting = null;
            accepting.SetResult(stream);
        }
        else
        {
            _accepted.Enqueue(stream);
        }
    }

    private long Next(long type) => (_known[type] * (TypeBits + 1)) + type;

    private FrameStream TakeStream(long type)
    {
        var stream = new FrameStream(this, Next(type), isLocal: true);
        _known[type]++;
        _streams.Add(stream.Id, stream);
        return stream;
    }

    private void ReceiveCredit()
    {
        _allowed++;
        while (AvailableBidirectionalStreams > 0 && _openers.TryDequeue(out TaskCompletionSource<TransportStream>? opener))
        {
            if (!opener.Task.IsCompleted)
            {
                opener.SetResult(TakeStream(0));
            }
        }

        StreamCreditChanged?.Invoke(this, new StreamCreditEventArgs(StreamDirection.Bidirectional, AvailableBidirectionalStreams));
    }

    private void EndStreams(ConnectionClose close, TransportException failure)
    {
        foreach (FrameStream stream in _streams.Values.ToArray())
        {
            // Nothing can have come of a stream that had sent nothing.
            stream.Fail(stream.HasSent ? failure : close.ToException(isSafeToRetry: true));
        }

        _streams.Clear();
        while (_openers.TryDequeue(out TaskCompletionSource<TransportStream>? opener))
        {
            opener.TrySetException(close.ToException(isSafeToRetry: true));
        }

        if (_accepting is { } accepting)
        {
            _accepting = null;
            accepting.SetException(failure);
        }
    }
}
