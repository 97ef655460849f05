using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Http;
using System.Net.Http.Headers;

namespace Net.Grpc;

/// <summary>One HTTP request and its response as one attempt of a call: headers out, headers in, status, and the deadline and cancellation over all of it.</summary>
internal sealed class ClientExchange : IDisposable
{
    internal const string ContentType = "application/grpc";
    internal const int BufferSize = 16 * 1024;

    // Timers count whole milliseconds, those of peers too, some of which round down: such a peer gives up, and resets the stream, a little before the deadline.
    private static readonly TimeSpan TimerGrain = TimeSpan.FromMilliseconds(1);

    // The longest time that a timer takes. A deadline beyond it, 49 days, is told to the server but not enforced.
    private static readonly TimeSpan MaxTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly GrpcClient _client;
    private readonly GrpcClientContext _context;
    private readonly HttpRequestMessage _request;
    private readonly CancellationTokenSource _cancellation;
    private readonly CancellationTokenRegistration _callerRegistration;
    private readonly DateTimeOffset? _deadline;
    private readonly Activity? _activity;
    private readonly long _start;
    private HttpResponseMessage? _response;
    private GrpcMetadata? _headers;
    private GrpcMetadata? _trailers;
    private GrpcStatus? _status;
    private Exception? _failure;
    private object? _cancelledBy;
    private int _isDisposed;

    internal ClientExchange(GrpcClient client, GrpcClientContext context, HttpContent content)
    {
        _client = client;
        _context = context;
        TimeProvider time = client.Options.TimeProvider;
        _start = time.GetTimestamp();
        _deadline = DeadlineOf(context.Options, client.Options, time);
        TimeSpan? left = _deadline - time.GetUtcNow();
        _cancellation = left is TimeSpan wait && wait > TimeSpan.Zero && wait <= MaxTimer ? new CancellationTokenSource(wait, time) : new CancellationTokenSource();
        _request = new HttpRequestMessage(HttpMethod.Post, client.UriOf(context.Method))
        {
            Content = content,
            Version = client.Options.HttpVersion,
            VersionPolicy = client.Options.HttpVersionPolicy,
        };
        Activity? caller = Activity.Current;
        _activity = GrpcDiagnostics.StartClient(context.Method, client.Address.Host, client.Address.Port);
        FillHeaders(left);
        // The span is the call's, not that of the code that goes on while the call runs.
        Activity.Current = caller;
        if (context.CancellationToken.CanBeCanceled)
        {
            _callerRegistration = context.CancellationToken.UnsafeRegister(static (exchange, token) => ((ClientExchange)exchange!).CancelBy(token), this);
        }
    }

    /// <summary>Cancelled when the call is, by whomever.</summary>
    internal CancellationToken Token => _cancellation.Token;

    /// <summary>The body of the response; <c>null</c> when the headers held the status.</summary>
    internal PipeReader? Body { get; private set; }

    internal GrpcEncoding ResponseEncoding { get; private set; }

    internal GrpcStatus? Status => Volatile.Read(ref _status);

    internal GrpcMetadata Headers => _headers ??= _response is null ? GrpcMetadata.Empty : Copy(_response.Headers.NonValidated);

    internal GrpcMetadata Trailers => _trailers ??= GrpcMetadata.Empty;

    /// <summary>Sends the request and takes the response's headers.</summary>
    /// <exception cref="GrpcException">The call could not be made, or the answer is no gRPC.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled it.</exception>
    internal async Task ReceiveAsync()
    {
        try
        {
            if (_deadline <= _client.Options.TimeProvider.GetUtcNow())
            {
                throw new GrpcException(DeadlineStatus("before it was sent"));
            }

            Activity? caller = Activity.Current;
            Activity.Current = _activity ?? caller;
            Task<HttpResponseMessage> sending = _client.SendAsync(_request, Token);
            Activity.Current = caller;
            _response = await sending.ConfigureAwait(false);
            if (await TakeHeadersAsync(_response).ConfigureAwait(false) is { } status)
            {
                // Trailers-Only: one block of headers is both.
                _headers = GrpcMetadata.Empty;
                _trailers = Copy(_response.Headers.NonValidated);
                Finish(status);
            }
        }
#pragma warning disable CA1031 // Whatever a handler throws is translated and thrown on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            throw Fail(exception);
        }
    }

    /// <summary>Takes the status out of the trailers, when the body has come to its end.</summary>
    internal GrpcStatus TakeTrailers()
    {
        HttpHeadersNonValidated trailers = _response!.TrailingHeaders.NonValidated;
        _trailers = Copy(trailers);
        GrpcStatus status = StatusIn(trailers) ?? (HasDeadlinePassed
            ? DeadlineStatus("before the server's status came")
            : new GrpcStatus(GrpcStatusCode.Unknown, "The server ended the call without grpc-status."));
        Finish(status);
        return status;
    }

    /// <summary>Ends the call because something failed on this side of it, and says what to throw.</summary>
    internal Exception Fail(Exception exception, CancellationToken cancellationToken = default)
    {
        // What ended the call first is what all its operations tell.
        if (_failure is not null)
        {
            return _failure;
        }

        if (Status is { IsOk: false } known)
        {
            return new GrpcException(known) { Trailers = Trailers };
        }

        Exception failure = Translate(exception, cancellationToken);
        Exception first = Interlocked.CompareExchange(ref _failure, failure, null) ?? failure;
        if (ReferenceEquals(first, failure))
        {
            Finish(failure is GrpcException grpc ? grpc.Status : new GrpcStatus(GrpcStatusCode.Cancelled, "The caller cancelled the call."));
            Cancel();
        }

        return first;
    }

    /// <summary>Ends the call because a caller wants it.</summary>
    internal void CancelBy(CancellationToken cause)
    {
        _ = Interlocked.CompareExchange(ref _cancelledBy, cause, null);
        Cancel();
    }

    /// <summary>Stops what is still sent and received.</summary>
    internal void Cancel()
    {
        try
        {
            _cancellation.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call is over.
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _callerRegistration.Dispose();
        if (Status is null)
        {
            _ = Fail(new GrpcException(GrpcStatusCode.Cancelled, "The call was disposed before its end."));
        }

        Body?.Complete();
        _response?.Dispose();
        _request.Dispose();
        _cancellation.Dispose();
    }

    // Nothing but a caller or the deadline cancels before a failure is known. The clock alone does not tell: the timer may come before it.
    private bool HasDeadlinePassed => _deadline is DateTimeOffset deadline && (Token.IsCancellationRequested || deadline - _client.Options.TimeProvider.GetUtcNow() < TimerGrain);

    private static DateTimeOffset? DeadlineOf(GrpcCallOptions call, GrpcClientOptions client, TimeProvider time)
    {
        TimeSpan? timeout = call.Timeout ?? (call.Deadline is null ? client.DefaultTimeout : null);
        if (timeout is not TimeSpan length)
        {
            return call.Deadline;
        }

        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset end = length < DateTimeOffset.MaxValue - now ? now + length : DateTimeOffset.MaxValue;
        return call.Deadline < end ? call.Deadline : end;
    }

    private static GrpcStatus DeadlineStatus(string when) => new(GrpcStatusCode.DeadlineExceeded, $"The deadline of the call passed {when}.");

    private static GrpcStatus? StatusIn(HttpHeadersNonValidated headers)
    {
        if (!headers.TryGetValues(MetadataNames.Status, out HeaderStringValues code))
        {
            return null;
        }

        string message = headers.TryGetValues(MetadataNames.Message, out HeaderStringValues text) ? PercentEncoding.Decode(text.ToString()) : "";
        ReadOnlyMemory<byte> details = headers.TryGetValues(MetadataNames.Details, out HeaderStringValues binary) && MetadataBase64.TryDecode(binary.ToString(), out byte[]? bytes)
            ? bytes
            : default(ReadOnlyMemory<byte>);
        return new GrpcStatus(GrpcStatusNames.Parse(code.ToString()), message) { Details = details };
    }

    private static GrpcMetadata Copy(HttpHeadersNonValidated headers)
    {
        var metadata = new GrpcMetadata();
        foreach (KeyValuePair<string, HeaderStringValues> header in headers)
        {
            foreach (string value in header.Value)
            {
                metadata.AddReceived(header.Key, value);
            }
        }

        return metadata.AsReadOnly();
    }

    private void FillHeaders(TimeSpan? left)
    {
        HttpRequestHeaders headers = _request.Headers;
        headers.TryAddWithoutValidation("TE", "trailers");
        headers.TryAddWithoutValidation("User-Agent", GrpcClient.UserAgent);
        headers.TryAddWithoutValidation(MetadataNames.AcceptEncoding, GrpcEncodings.Accepted);
        GrpcEncoding encoding = _context.Options.Encoding ?? _client.Options.Encoding;
        if (encoding != GrpcEncoding.Identity)
        {
            headers.TryAddWithoutValidation(MetadataNames.Encoding, GrpcEncodings.NameOf(encoding));
        }

        if (left is TimeSpan time)
        {
            headers.TryAddWithoutValidation(MetadataNames.Timeout, GrpcTimeout.Format(time));
        }

        if (_context.Options.Headers is { } metadata)
        {
            foreach (GrpcMetadataEntry entry in metadata)
            {
                headers.TryAddWithoutValidation(entry.Name, entry.Value);
            }
        }

        if ((_activity ?? Activity.Current) is { } activity)
        {
            DistributedContextPropagator.Current.Inject(activity, headers, static (carrier, name, value) =>
                ((HttpRequestHeaders)carrier!).TryAddWithoutValidation(name, value));
        }

        foreach (KeyValuePair<string, object?> option in _context.Options.RequestOptions)
        {
            ((IDictionary<string, object?>)_request.Options)[option.Key] = option.Value;
        }

        // What a request without the option is taken for needs none: the first one costs a dictionary.
        if (_context.Idempotency != Idempotency.NonIdempotent)
        {
            _request.Options.Set(GrpcClient.IdempotencyKey, _context.Idempotency);
        }
    }

    /// <summary>Checks the headers and opens the body.</summary>
    /// <returns>The status, when the headers hold it already.</returns>
    private async ValueTask<GrpcStatus?> TakeHeadersAsync(HttpResponseMessage response)
    {
        GrpcStatus? status = StatusIn(response.Headers.NonValidated);
        if ((int)response.StatusCode != 200)
        {
            return status ?? new GrpcStatus(GrpcStatusMapper.FromHttpStatus((int)response.StatusCode), $"The server answered with HTTP status {(int)response.StatusCode}.");
        }

        string? type = response.Content.Headers.NonValidated.TryGetValues("Content-Type", out HeaderStringValues types) ? types.ToString() : null;
        if (type is null || !type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase))
        {
            return status ?? new GrpcStatus(GrpcStatusCode.Unknown, $"The server answered with content type '{type}', which is no gRPC.");
        }

        if (status is not null)
        {
            return status;
        }

        string? encoding = response.Headers.NonValidated.TryGetValues(MetadataNames.Encoding, out HeaderStringValues encodings) ? encodings.ToString() : null;
        if (!GrpcEncodings.TryParse(encoding, out GrpcEncoding known))
        {
            throw new GrpcException(GrpcStatusCode.Internal, $"The server answered with grpc-encoding '{encoding}', although this client accepts {GrpcEncodings.Accepted} alone.");
        }

        ResponseEncoding = known;
        Stream stream = await response.Content.ReadAsStreamAsync(Token).ConfigureAwait(false);
        bool isStream = _context.Method.Kind is GrpcMethodKind.ServerStreaming or GrpcMethodKind.Duplex;
        Body = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferSize, minimumReadSize: 1024, useZeroByteReads: isStream));
        return null;
    }

    private Exception Translate(Exception exception, CancellationToken cancellationToken)
    {
        // A message that is cut short tells of the transport, as an exception of its own would.
        if (exception is GrpcException { InnerException: not EndOfStreamException })
        {
            return exception;
        }

        // Cancelled by whom? A cancelled request fails in many ways.
        object? cause = Volatile.Read(ref _cancelledBy) ?? (cancellationToken.IsCancellationRequested ? cancellationToken : null);
        if (cause is CancellationToken caller)
        {
            return new OperationCanceledException("The caller cancelled the call.", exception, caller);
        }

        if (HasDeadlinePassed)
        {
            return new GrpcException(DeadlineStatus("before it was done"), exception);
        }

        return exception as GrpcException ?? GrpcStatusMapper.FromException(exception);
    }

    private void Finish(GrpcStatus status)
    {
        if (Interlocked.CompareExchange(ref _status, status, null) is not null)
        {
            return;
        }

        TimeSpan duration = _client.Options.TimeProvider.GetElapsedTime(_start);
        if (!status.IsOk)
        {
            GrpcLog.CallFailed(_client.Logger, _context.Method.FullName, GrpcStatusNames.NameOf(status.Code), status.LoggedMessage);
        }

        GrpcDiagnostics.EndClient(_activity, _context.Method, _client.Address.Host, _client.Address.Port, duration, status);
        foreach (GrpcClientInterceptor interceptor in _client.Options.Interceptors)
        {
            interceptor.Completed(_context, status, duration);
        }
    }
}
