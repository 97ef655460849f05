using System.IO.Pipelines;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Memory;

namespace Net.Ngtcp2.Streams;

/// <summary>One stream. This part is the application's side: any thread. The other parts belong to the driver's thread.</summary>
/// <remarks>
/// The two sides meet in two pipes and in a set of work bits. What flows where:
/// <code>
/// application -> StreamOutput -> send pipe -> driver reads, hands the blocks to the native library, consumes them when they are acknowledged
/// driver copies what arrived -> receive pipe -> StreamInput -> application; consumed bytes become credit for the peer
/// </code>
/// </remarks>
internal sealed partial class Ngtcp2Stream : TransportStream, IDriverWork
{
    private readonly Ngtcp2Connection _connection;
    private Signal _completion;
    private Signal _sendCompletion;
    private readonly StreamInput? _input;
    private readonly StreamOutput? _output;
    private readonly int _unsentLimit;
    private readonly int _inFlightLimit;
    private volatile TransportException? _sendFailure;
    private int _work;
    private long _consumed;
    private long _returned;
    private long _creditPosted;
    private volatile bool _inputCompleted;
    private long _abortReadCode = -1;
    private long _abortWriteCode = -1;
    private int _disposed;
    private volatile int _priority = Pack(StreamPriority.Default);

    internal Ngtcp2Stream(Ngtcp2Connection connection, long id, bool isLocal)
    {
        _connection = connection;
        Id = id;
        IsLocallyInitiated = isLocal;
        Direction = (id & 2) == 0 ? StreamDirection.Bidirectional : StreamDirection.Unidirectional;
        bool inline = connection.Options.InlineContinuations;
        if (CanRead)
        {
            _input = new StreamInput(this, PipePool.ForReceiving(inline));
        }

        if (CanWrite)
        {
            TransportLimits limits = connection.Options.Limits;
            _unsentLimit = Math.Min(limits.StreamUnsentBuffer, limits.StreamSendBuffer);
            _inFlightLimit = limits.StreamSendBuffer - _unsentLimit;
            _output = new StreamOutput(this, PipePool.ForSending(inline, _unsentLimit));
        }
        else
        {
            _sendCompletion.Set();
        }
    }

    public override long Id { get; }

    public override StreamDirection Direction { get; }

    public override bool IsLocallyInitiated { get; }

    public override PipeReader Input => (PipeReader?)_input ?? MissingSide.Input;

    public override PipeWriter Output => (PipeWriter?)_output ?? MissingSide.Output;

    public override bool IsEarlyData => Volatile.Read(ref _sawEarlyData);

    public override Task Completion => _completion.Task;

    public override Task SendCompletion => _sendCompletion.Task;

    public override StreamPriority Priority
    {
        get
        {
            int packed = _priority;
            return new StreamPriority(packed >> 1, (packed & 1) != 0);
        }

        set
        {
            _priority = Pack(value);
            Post(StreamWork.Priority);
        }
    }

    internal long DefaultErrorCode => _connection.Options.DefaultStreamErrorCode;

    internal bool HasSendFailed => _sendFailure is not null;

    /// <summary>Whether the stream was opened before the handshake was over.</summary>
    internal bool WasOpenedEarly { get; init; }

    public override void AbortRead(long errorCode)
    {
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        if (_input is not null && Interlocked.CompareExchange(ref _abortReadCode, errorCode, -1) == -1)
        {
            Post(StreamWork.AbortRead);
        }
    }

    public override void AbortWrite(long errorCode)
    {
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        if (_output is not null && Interlocked.CompareExchange(ref _abortWriteCode, errorCode, -1) == -1)
        {
            if (!_sendCompletion.IsSet)
            {
                FailSend(new TransportException(TransportError.StreamReset, $"Stream {Id} was reset by this side with code 0x{errorCode:x}.") { ApplicationErrorCode = errorCode });
            }

            Post(StreamWork.AbortWrite);
        }
    }

    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            // Nobody waits for the place of a stream that this side opened, so that it wakes nobody. Work that completing the two sides brings goes with that of the release.
            bool isFirst = !IsLocallyInitiated && Interlocked.Or(ref _work, (int)StreamWork.Release) == 0;
            try
            {
                _output?.Complete();
                if (_input is { IsCompleted: false } input)
                {
                    input.Complete();
                }
            }
            finally
            {
                // Whatever the application's continuations threw: the work is this call's to post, and nobody else will.
                if (IsLocallyInitiated)
                {
                    Release();
                }
                else if (isFirst)
                {
                    _connection.Post(this);
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Asks the driver for something; wakes it only when nothing was asked before.</summary>
    internal void Post(StreamWork work)
    {
        if (Interlocked.Or(ref _work, (int)work) == 0)
        {
            _connection.Post(this);
        }
    }

    internal void ThrowIfSendFailed()
    {
        if (_sendFailure is { } failure)
        {
            throw new TransportException(failure.Error, failure.Message, failure)
            {
                ApplicationErrorCode = failure.ApplicationErrorCode,
                TransportErrorCode = failure.TransportErrorCode,
                IsSafeToRetry = failure.IsSafeToRetry,
            };
        }
    }

    /// <summary>The application has consumed bytes: gives stream and connection credit back, in lumps.</summary>
    internal void OnConsumed(long bytes)
    {
        _consumed += bytes;
        GiveBackUpTo(_consumed);
        if (_consumed - _creditPosted >= _connection.StreamCreditLump)
        {
            _creditPosted = _consumed;
            Post(StreamWork.Credit);
        }
    }

    /// <summary>The application reads no more: what it left unread counts as consumed, and the peer is told to stop unless all had come.</summary>
    internal void OnInputCompleted(long errorCode, bool sawEnd)
    {
        _inputCompleted = true;
        Interlocked.MemoryBarrier();
        GiveBackUpTo(Volatile.Read(ref _received));
        if (!sawEnd)
        {
            AbortRead(errorCode);
        }
    }

    private static int Pack(StreamPriority priority) => (priority.Urgency << 1) | (priority.Incremental ? 1 : 0);

    // Connection credit for all bytes up to a mark, whoever gets there first; the mark only grows.
    private void GiveBackUpTo(long mark)
    {
        long current = Volatile.Read(ref _returned);
        while (mark > current)
        {
            long seen = Interlocked.CompareExchange(ref _returned, mark, current);
            if (seen == current)
            {
                _connection.ReturnCredit(mark - current);
                return;
            }

            current = seen;
        }
    }

    private void FailSend(TransportException failure)
    {
        _sendFailure ??= failure;
        _sendCompletion.Fail(failure);
        _output!.CancelPendingFlush();
    }
}
