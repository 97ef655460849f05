using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Net.Http3.Interop;

namespace Net.Http3;

/// <summary>One request and its response on one stream. This part: its life and its end.</summary>
/// <remarks>
/// <code>
///   sending    open --content written--> over           receiving   open --FIN read--> over
///              open --failure, cancel--> reset                       open --failure, cancel, disposed--> stopped
/// </code>
/// When both sides are over the stream is given back; the last of the two to end does it. The first failure wins: it is what the caller is told, whoever meets it.
/// </remarks>
internal sealed partial class Http3Exchange
{
    private const int SendSide = 1;
    private const int ReceiveSide = 2;
    private const int HeedsHead = 1;
    private const int HeedsContent = 2;
    private const int Idle = 0;
    private const int Reading = 1;
    private const int Closed = 2;

    private readonly Http3Connection _connection;
    private readonly TransportStream _stream;
    private readonly HttpRequestMessage _request;
    private readonly HttpCallObserver? _observer;
    private readonly ResponseHead _head;
    private readonly ResponseReader _reader;
    private int _openSides = SendSide | ReceiveSide;
    private int _heeding;
    private int _readState;
    private Exception? _failure;
    private CancellationTokenRegistration _registration;
    private CancellationTokenSource? _contentCancellation;

    internal Http3Exchange(Http3Connection connection, TransportStream stream, HttpRequestMessage request, HttpCallObserver? observer)
    {
        _connection = connection;
        _stream = stream;
        _request = request;
        _observer = observer;
        Http3ConnectionOptions options = connection.Options;
        _head = new ResponseHead(this, request, options.MaxResponseHeadersSize, options.MaxInformationalResponses);
        _reader = new ResponseReader(connection.Decoder, stream.Id, _head, options.MaxResponseHeadersSize);
        if (request.Options.TryGetValue(Http3RequestOptions.Priority, out StreamPriority priority))
        {
            stream.Priority = priority;
        }
    }

    /// <summary>The QUIC stream's id.</summary>
    internal long StreamId => _stream.Id;

    /// <summary>Sends the request and reads the response's headers.</summary>
    /// <param name="cancellationToken">Cancels until the response is returned, and while the content is still being sent.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<HttpResponseMessage> SendAsync(CancellationToken cancellationToken)
    {
        _heeding = HeedsHead;
        _registration = cancellationToken.UnsafeRegister(static (state, token) => ((Http3Exchange)state!).Cancel(token), this);
        try
        {
            _connection.WriteHeaders(_stream, _request);
            if (_request.Content is null)
            {
                _stream.Output.Complete();
                EndSide(SendSide);
            }
            else
            {
                StartContent(_request.Content, cancellationToken);
            }

            await ReadHeadAsync().ConfigureAwait(false);
            return _head.Response!;
        }
        catch (Exception exception)
        {
            Fail(exception);
            if (_request.Content is null || !HasContentStarted)
            {
                EndSide(SendSide);
            }

            EndSide(ReceiveSide);
            _head.Response?.Dispose();
            Exception failure = Http3Exceptions.ToRequestFailure(FailureOr(exception));
            if (failure.StackTrace is not null)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            throw failure;
        }
        finally
        {
            StopHeeding(HeedsHead);
        }
    }

    /// <summary>Ends the exchange because the server said that it takes no such request (RFC 9114, section 5.2).</summary>
    internal void Reject() => Fail(new TransportException(
        TransportError.StreamReset, $"The server is going away and has not processed the request on stream {StreamId} (GOAWAY); send it again on another connection.")
    {
        ApplicationErrorCode = (long)Http3ErrorCode.RequestRejected,
        IsSafeToRetry = true,
    });

    /// <summary>Lets go of the response: what was not read is no longer wanted, nor is a request whose content is still being sent.</summary>
    internal void Close()
    {
        if (Volatile.Read(ref _openSides) == 0)
        {
            return;
        }

        TakeTheEnd();
        if (!_reader.IsOver || (Volatile.Read(ref _openSides) & SendSide) != 0)
        {
            Fail(new ObjectDisposedException(nameof(HttpResponseMessage), "The response was disposed before all of it was read."));
        }

        // A read that is under way on another thread ends by the abort, and gives the side back itself.
        if (Interlocked.Exchange(ref _readState, Closed) == Idle)
        {
            EndSide(ReceiveSide);
        }
    }

    /// <summary>Ends both directions with a failure, unless one came before.</summary>
    internal void Fail(Exception exception)
    {
        if (Interlocked.CompareExchange(ref _failure, exception, null) is not null)
        {
            return;
        }

        long code = (long)Http3ErrorCode.RequestCancelled;
        switch (exception)
        {
            case Http3ProtocolException { EndsConnection: true } violation:
                _connection.Fail(violation.Code, violation.Message);
                code = (long)violation.Code;
                break;
            case Http3ProtocolException violation:
                code = (long)violation.Code;
                break;
            case QpackException qpack:
                _connection.Fail(qpack.ConnectionError, qpack.Message);
                code = (long)qpack.ConnectionError;
                break;
            default:
                break;
        }

        bool isSending = (Volatile.Read(ref _openSides) & SendSide) != 0;
        if (!_reader.IsOver)
        {
            // Also what was written whole: until the server has it all, it need not have the rest (RFC 9114, section 4.1.1).
            _stream.Abort(code);
        }
        else if (isSending)
        {
            _stream.AbortWrite(code);
        }

        if (isSending)
        {
            CancelContent();
        }

        _connection.Decoder.Wake(_reader.Section);
    }

    private void Cancel(CancellationToken token) => Fail(new OperationCanceledException("The request was cancelled.", token));

    // The caller's token is heeded until the head has come and the content is sent, whichever is later: neither ends the need of the other.
    private void StopHeeding(int part)
    {
        int before = Interlocked.And(ref _heeding, ~part);
        if ((before & part) != 0 && (before & ~part) == 0)
        {
            // Not the waiting kind: a cancellation that runs this very moment may be what brought us here.
            _registration.Unregister();
        }
    }

    private Exception FailureOr(Exception exception)
    {
        Exception failure = Volatile.Read(ref _failure) ?? exception;
        return failure switch
        {
            QpackException qpack => Http3ProtocolException.ForConnection(qpack.ConnectionError, qpack.Message),

            // The connection was closed by this side for what another stream carried: that is the reason worth telling.
            TransportException { Error: TransportError.ConnectionClosed } => _connection.Failure ?? failure,
            _ => failure,
        };
    }

    private void EndSide(int side)
    {
        int before = Interlocked.And(ref _openSides, ~side);
        if ((before & side) != 0 && (before & ~side) == 0)
        {
            Release();
        }
    }

    private void Release()
    {
        _connection.Decoder.Release(_reader.Section, _reader.IsOver);
        ValueTask disposal = _stream.DisposeAsync();
        if (disposal.IsCompletedSuccessfully)
        {
            disposal.GetAwaiter().GetResult();
            _connection.Remove(this);
            _observer?.OnEnded(ObservedFailure());
        }
        else
        {
            _ = FinishReleaseAsync(disposal);
        }
    }

    private async Task FinishReleaseAsync(ValueTask disposal)
    {
        try
        {
            await disposal.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Http3Log.StreamReleaseFailed(_connection.Logger, _connection.Connection.Id, StreamId, exception);
        }
        finally
        {
            _connection.Remove(this);
            _observer?.OnEnded(ObservedFailure());
        }
    }

    // In the words that the caller heard, or would have heard.
    private Exception? ObservedFailure() => Volatile.Read(ref _failure) is { } failure ? Http3Exceptions.ToRequestFailure(FailureOr(failure)) : null;
}
