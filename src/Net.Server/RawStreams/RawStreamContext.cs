using System.IO.Pipelines;
using System.Security.Cryptography.X509Certificates;
using Net.Security;

namespace Net.Server;

/// <summary>One raw stream as its handler sees it. Valid until the handler's task ends.</summary>
/// <remarks>
/// When the handler's task ends well, <see cref="Output"/> is completed with FIN if the handler did not do so; input that was not read is given up, which the caller does not take for a failure.
/// When the caller gives up, the connection ends, or the deadline passes, reading and writing throw <see cref="TransportException"/> and <see cref="CancellationToken"/> is cancelled.
/// </remarks>
#pragma warning disable CA1001 // The source holds no timer and no handle, and the handler may keep its token longer than the stream lives.
public sealed class RawStreamContext : IDuplexPipe
#pragma warning restore CA1001
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _timeProvider;
    private readonly long _started;
    private readonly TimeSpan? _deadline;
    private CancellationTokenSource? _cancellation;
    private RawStreamOutcome _ending;
    private long _endingCode;

    internal RawStreamContext(
        TransportConnection connection, TransportStream stream, RawStreamHeader header, TimeSpan? deadline, TimeProvider timeProvider, CancellationToken draining, AccessCall? access = null)
    {
        Connection = connection;
        Stream = stream;
        Header = header;
        Draining = draining;
        Access = access;
        _deadline = deadline;
        _timeProvider = timeProvider;
        _started = deadline is null ? 0 : timeProvider.GetTimestamp();
    }

    /// <summary>The connection that the stream belongs to. The server owns it.</summary>
    public TransportConnection Connection { get; }

    /// <summary>The QUIC stream: id, priority, abort, completion. The server owns it.</summary>
    public TransportStream Stream { get; }

    /// <summary>The header that the stream opened with.</summary>
    public RawStreamHeader Header { get; }

    /// <summary>The name of the route.</summary>
    public string Route => Header.Route;

    /// <summary>Names and values that the caller sent along.</summary>
    public RawStreamMetadata Metadata => Header.Metadata;

    /// <summary>Whether the caller says that the work may be done more than once.</summary>
    public Idempotency Idempotency => Header.Idempotency;

    /// <summary>The caller's certificate, already accepted by the server's policy; <c>null</c> when it showed none. The connection owns it: do not dispose it.</summary>
    public X509Certificate2? PeerCertificate => Connection.PeerCertificate;

    /// <summary>Who calls, where the server has rules; <c>null</c> where it has none.</summary>
    public Principal? Principal => Access?.Principal;

    /// <summary>Says whether the caller may use more than the route, such as a collection, and still may; <c>null</c> where the server has no rules. The server disposes it.</summary>
    public AccessCall? Access { get; }

    /// <summary>Application bytes from the caller; the header is not among them.</summary>
    public PipeReader Input => Stream.Input;

    /// <summary>Application bytes to the caller.</summary>
    public PipeWriter Output => Stream.Output;

    /// <summary>How much time is left until the deadline, 0 when it passed; <c>null</c> when there is none.</summary>
    public TimeSpan? RemainingTime
    {
        get
        {
            if (_deadline is not TimeSpan deadline)
            {
                return null;
            }

            TimeSpan remaining = deadline - _timeProvider.GetElapsedTime(_started);
            return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
        }
    }

    /// <summary>Cancelled when the stream's work has become pointless: the deadline passed, the caller wants no more answer, or the connection ended. Also cancelled when the stream is over.</summary>
    /// <remarks>Made when first asked for; a handler that only reads and writes needs none.</remarks>
    public CancellationToken CancellationToken
    {
        get
        {
            CancellationTokenSource cancellation;
            lock (_lock)
            {
                if (_cancellation is not null)
                {
                    return _cancellation.Token;
                }

                cancellation = _cancellation = new CancellationTokenSource();
            }

            if (Ending != RawStreamOutcome.Completed)
            {
                cancellation.Cancel();
            }
            else
            {
                // Sending is over early when the peer sent STOP_SENDING or the connection ended, and in the end when all is acknowledged.
                Stream.SendCompletion.ContinueWith(
                    static (_, state) => ((CancellationTokenSource)state!).Cancel(), cancellation, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }

            return cancellation.Token;
        }
    }

    /// <summary>
    /// Cancelled when the server is about to end: it takes no new streams from then on, and waits for the running ones until its shutdown timeout. A handler whose streams live long should come to an end on it,
    /// with whatever its protocol says for that, so that the caller can go on elsewhere. Callbacks should be quick: they delay the shutdown.
    /// </summary>
    public CancellationToken Draining { get; }

    internal RawStreamOutcome Ending => Ended.Outcome;

    /// <summary>How this side ended the stream before its handler did, and with what code; completed while it has not.</summary>
    internal (RawStreamOutcome Outcome, long Code) Ended
    {
        get
        {
            lock (_lock)
            {
                return (_ending, _endingCode);
            }
        }
    }

    /// <summary>Aborts both directions with a code of the application's own. The handler should return after that; nothing more is sent.</summary>
    /// <param name="errorCode"><see cref="RawStreamErrorCodes.FirstApplicationCode"/> to 2^62-1, so that the caller cannot mistake it for the protocol's.</param>
    /// <exception cref="ArgumentOutOfRangeException">The code is out of range.</exception>
    public void Abort(long errorCode)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(errorCode, RawStreamErrorCodes.FirstApplicationCode);
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        End(RawStreamOutcome.Aborted, errorCode);
    }

    /// <summary>Ends the stream from this side before its handler does. The first reason stands.</summary>
    internal void End(RawStreamOutcome outcome, long errorCode)
    {
        CancellationTokenSource? cancellation;
        lock (_lock)
        {
            if (_ending != RawStreamOutcome.Completed)
            {
                return;
            }

            _ending = outcome;
            _endingCode = errorCode;
            cancellation = _cancellation;
        }

        Stream.Abort(errorCode);

        // Callbacks run elsewhere: this may be a timer's thread, which an exception of theirs would not survive.
        _ = cancellation?.CancelAsync();
    }
}
