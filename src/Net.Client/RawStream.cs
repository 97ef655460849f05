using System.Diagnostics;
using System.IO.Pipelines;

namespace Net.Client;

/// <summary>A raw stream to a handler of the server's, as a duplex pipe.</summary>
/// <remarks>
/// <para>Completing <see cref="Output"/> says that all was sent. A stream that is disposed before that is reset with <see cref="RawStreamErrorCodes.Cancelled"/>,
/// so that a server never takes half a message for a whole one.</para>
/// <para>When the server has all it needs, <see cref="FlushResult.IsCompleted"/> is <c>true</c>: stop writing, and read the answer.</para>
/// <para>Errors of the server's arrive as <see cref="TransportException"/> from reading and writing: an unknown route, a failed handler, overload, shutdown, with
/// <see cref="TransportException.IsSafeToRetry"/> where no handler has seen the stream.</para>
/// </remarks>
public sealed class RawStream : IDuplexPipe, IAsyncDisposable
{
    private readonly RawStreamLimits _limits;
    private readonly TimeProvider _timeProvider;
    private readonly long _started;
    private readonly Activity? _activity;
    private readonly Lock _headerLock = new();
    private readonly RawStreamReader _reader;
    private readonly RawStreamWriter _writer;
    private readonly RawStreamHeader _header;
    private volatile bool _isHeaderWritten;
    private TimeSpan? _deadline;
    private ITimer? _deadlineTimer;
    private CancellationToken _cancellationToken;
    private CancellationTokenRegistration _cancellation;
    private int _end;
    private long _abortCode;
    private Exception? _failure;
    private int _isDisposed;
    private Action<Exception?>? _ended;

    internal RawStream(
        TransportStream transport, RawStreamHeader header, RawStreamLimits limits, TimeProvider timeProvider, long started, Activity? activity)
    {
        Transport = transport;
        _header = header;
        _limits = limits;
        _timeProvider = timeProvider;
        _started = started;
        _activity = activity;
        _reader = new RawStreamReader(this, transport.Input);
        _writer = new RawStreamWriter(this, transport.Output);
    }

    private enum End
    {
        None = 0,
        DeadlineExceeded,
        Cancelled,
        Aborted,
    }

    /// <summary>The name of the handler.</summary>
    public string Route => _header.Route;

    /// <summary>The QUIC stream beneath: id, priority, completion. Its pipes hold the header too; use <see cref="Input"/> and <see cref="Output"/>.</summary>
    public TransportStream Transport { get; }

    /// <summary>What the handler sends.</summary>
    public PipeReader Input => _reader;

    /// <summary>What the handler receives.</summary>
    public PipeWriter Output => _writer;

    /// <summary>Aborts both directions.</summary>
    /// <param name="errorCode">
    /// A code of the application's own, <see cref="RawStreamErrorCodes.FirstApplicationCode"/> to 2^62-1, or <see cref="RawStreamErrorCodes.Cancelled"/> (the default).
    /// </param>
    public void Abort(long errorCode = RawStreamErrorCodes.Cancelled)
    {
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        Volatile.Write(ref _abortCode, errorCode);
        EndEarly(End.Aborted, errorCode);
    }

    /// <summary>
    /// Ends the stream. Output that was not completed is reset with <see cref="RawStreamErrorCodes.Cancelled"/>; input that was not read to its end is given up.
    /// Does not wait for acknowledgements; await <see cref="TransportStream.SendCompletion"/> of <see cref="Transport"/> for that. May be called twice.
    /// </summary>
    /// <returns>A task that is over when the stream needs no more of the caller.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _cancellation.Unregister();
        if (_deadlineTimer is not null)
        {
            await _deadlineTimer.DisposeAsync().ConfigureAwait(false);
        }

        if (_writer.IsCompleted)
        {
            Transport.AbortRead(RawStreamErrorCodes.NoError);
        }
        else
        {
            Transport.Abort(RawStreamErrorCodes.Cancelled);
        }

        try
        {
            await Transport.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            Exception? failure = _end == (int)End.None ? _failure : MakeEndException();
            ClientDiagnostics.EndStream(_activity, _timeProvider.GetElapsedTime(_started), failure);
            Interlocked.Exchange(ref _ended, null)?.Invoke(failure);
        }
    }

    /// <summary>Says whom to tell when the stream is disposed, with how it failed if it did: what was lent for it goes back then. To be called before the stream is handed out.</summary>
    internal void NotifyEnd(Action<Exception?> ended) => _ended = ended;

    internal void EndAfter(TimeSpan? deadline, CancellationToken cancellationToken)
    {
        _deadline = deadline;
        _cancellationToken = cancellationToken;
        if (deadline is TimeSpan time)
        {
            _deadlineTimer = _timeProvider.CreateTimer(
                static state => ((RawStream)state!).EndEarly(End.DeadlineExceeded, RawStreamErrorCodes.DeadlineExceeded), this, Remaining(time), Timeout.InfiniteTimeSpan);
        }

        _cancellation = cancellationToken.UnsafeRegister(
            static state => ((RawStream)state!).EndEarly(End.Cancelled, RawStreamErrorCodes.Cancelled), this);
    }

    /// <summary>Puts the header before the first bytes of the caller's.</summary>
    internal void WriteHeader()
    {
        if (_isHeaderWritten)
        {
            return;
        }

        lock (_headerLock)
        {
            WriteHeader_NeedsLock();
        }
    }

    /// <summary>A caller that reads before it writes would wait for ever for an answer to a header that was never sent.</summary>
    internal void SendHeader()
    {
        if (_isHeaderWritten)
        {
            return;
        }

        lock (_headerLock)
        {
            if (!_isHeaderWritten)
            {
                // The writer may be used at the same time by another thread, which waits at the lock until the flush has taken the bytes.
                WriteHeader_NeedsLock();
                _writer.FlushHeader();
            }
        }
    }

    internal void ThrowIfEnded()
    {
        if (Volatile.Read(ref _end) != (int)End.None)
        {
            throw MakeEndException();
        }
    }

    /// <summary>Says in the protocol's words what a failure of the transport means.</summary>
    /// <param name="exception">The failure.</param>
    /// <param name="isUnanswered">Whether the server is known to have sent nothing of an answer, not even its end.</param>
    internal Exception Translate(Exception exception, bool isUnanswered = false)
    {
        Exception translated = Volatile.Read(ref _end) != (int)End.None ? MakeEndException()
            : exception is TransportException transport ? RawStreamErrors.Translate(transport, Route, isUnanswered)
            : exception;
        if (translated is TransportException)
        {
            _failure ??= translated;
        }

        return translated;
    }

    private void WriteHeader_NeedsLock()
    {
        if (!_isHeaderWritten)
        {
            RawStreamHeader header = _deadline is TimeSpan deadline ? _header with { Deadline = Remaining(deadline) } : _header;
            RawStreamHeaderWriter.Write(Transport.Output, header, _limits);
            _isHeaderWritten = true;
        }
    }

    private TimeSpan Remaining(TimeSpan deadline)
    {
        TimeSpan remaining = deadline - _timeProvider.GetElapsedTime(_started);
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }

    private void EndEarly(End end, long errorCode)
    {
        if (Interlocked.CompareExchange(ref _end, (int)end, (int)End.None) == (int)End.None)
        {
            Transport.Abort(errorCode);
        }
    }

    // Made anew for each throw, as reader and writer may throw at the same time.
    private Exception MakeEndException() => (End)Volatile.Read(ref _end) switch
    {
        End.DeadlineExceeded => RawStreamErrors.DeadlineExceeded(Route, _deadline!.Value, "on this side", null),
        End.Cancelled => new OperationCanceledException($"The stream to route '{Route}' was cancelled by its caller.", _cancellationToken),
        _ => new TransportException(
            TransportError.StreamReset, $"The stream to route '{Route}' was aborted by this side with code 0x{Volatile.Read(ref _abortCode):x}.")
        {
            ApplicationErrorCode = Volatile.Read(ref _abortCode),
        },
    };
}
