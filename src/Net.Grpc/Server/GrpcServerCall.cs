using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Grpc;

/// <summary>One call on the server, from its headers to its status. It owns the deadline, and lets exactly one side end the response.</summary>
/// <remarks>
/// open -> ended (by the handler's return or failure) and open -> ended (by the deadline or a cut, while the handler runs on). Whoever comes second finds the call ended and does nothing;
/// a message that is just being written goes out before the status.
/// </remarks>
internal sealed partial class GrpcServerCall
{
    // The longest time that a timer takes. A deadline beyond it, 49 days, is told to the handler but not enforced.
    private static readonly TimeSpan MaxTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly Lock _gate = new();
    private readonly GrpcServerExchange _exchange;
    private readonly GrpcServerOptions _options;
    private readonly ILogger _logger;
    private readonly GrpcMethod _method;
    private readonly GrpcServerContext _context;
    private CancellationTokenSource? _cancellation;
    private ITimer? _timer;
    private Task _ending = Task.CompletedTask;
    private TaskCompletionSource? _writeEnded;
    private GrpcEncoding _sendEncoding;
    private bool _isWriting;
    private bool _isEnded;
    private GrpcException? _cut;

    internal GrpcServerCall(GrpcMethod method, GrpcServerExchange exchange, GrpcServerOptions options)
    {
        _method = method;
        _exchange = exchange;
        _options = options;
        _logger = options.LoggerFactory?.CreateLogger(GrpcDiagnostics.SourceName) ?? NullLogger.Instance;
        _context = new GrpcServerContext(this, exchange, method) { ResponseEncoding = options.ResponseEncoding, CancellationToken = exchange.Aborted };
    }

    internal TimeProvider TimeProvider => _options.TimeProvider;

    internal bool AreHeadersSent { get; private set; }

    internal GrpcEncoding RequestEncoding { get; private set; }

    /// <summary>Serves the call. Never throws.</summary>
    internal async Task RunAsync(Func<GrpcServerContext, ValueTask> handler)
    {
        long start = TimeProvider.GetTimestamp();
        Activity? activity = GrpcDiagnostics.StartServer(_method.FullName, _exchange);
        GrpcStatus status;
        GrpcMetadata? trailers = null;
        try
        {
            ReadHeaders();
            await Chain(handler)(_context).ConfigureAwait(false);
            status = GrpcStatus.Ok;
        }
#pragma warning disable CA1031 // Whatever a handler throws must end in a status.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            (status, trailers) = StatusOf(exception);
        }

        if (_timer is not null)
        {
            await _timer.DisposeAsync().ConfigureAwait(false);
        }

        await EndAsync(status, trailers, handlerRuns: false).ConfigureAwait(false);
        _cancellation?.Dispose();
        if (activity is not null || GrpcDiagnostics.IsServerMeasured)
        {
            status = Volatile.Read(ref _cut)?.Status ?? status;
            GrpcDiagnostics.EndServer(activity, _method.FullName, TimeProvider.GetElapsedTime(start), status);
        }
    }

    internal MessageSource<T> Source<T>(MessageParser<T> parser)
        where T : IMessage<T> => new(_exchange.Input, parser, _options.MaxReceiveMessageSize) { Encoding = RequestEncoding };

    /// <summary>Lets a cut cancel what the handler waits for.</summary>
    internal void AllowCut()
    {
        if (_cancellation is null)
        {
            _cancellation = CancellationTokenSource.CreateLinkedTokenSource(_exchange.Aborted);
            _context.CancellationToken = _cancellation.Token;
        }
    }

    /// <summary>Ends the call with a status while the handler runs. Whoever calls this has stopped doing so before the handler's task is over; only the first end counts.</summary>
    internal void Cut(GrpcException reason)
    {
        if (Interlocked.CompareExchange(ref _cut, reason, null) is not null)
        {
            return;
        }

        // The client is answered whether or not the handler heeds its token.
        _ = EndAsync(reason.Status, reason.Trailers, handlerRuns: true);

        // Not inline: the handler's continuations have no business on a timer's thread.
        if (_cancellation is not null)
        {
            _options.Continuations.Cancel(_cancellation);
        }
    }

    /// <summary>Reads a message and shows it to the interceptors.</summary>
    internal async ValueTask<T?> ReadAsync<T>(MessageSource<T> source, CancellationToken cancellationToken)
        where T : class, IMessage<T>
    {
        ThrowIfEnded();
        T? message;
        try
        {
            message = cancellationToken.CanBeCanceled && cancellationToken != _context.CancellationToken
                ? await ReadLinkedAsync(source, cancellationToken).ConfigureAwait(false)
                : await source.ReadAsync(_context.CancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            // A transport tells of a reset through the pipe a moment before its token does.
            throw new OperationCanceledException("The client cancelled the call or is gone.", exception, _context.CancellationToken);
        }

        if (message is not null)
        {
            foreach (GrpcServerInterceptor interceptor in _options.Interceptors)
            {
                await interceptor.MessageReceivedAsync(_context, message).ConfigureAwait(false);
            }
        }

        return message;
    }

    private static async ValueTask<T?> ReadLinkedAsync<T>(MessageSource<T> source, CancellationToken cancellationToken, CancellationToken callToken)
        where T : class, IMessage<T>
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, callToken);
        try
        {
            return await source.ReadAsync(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
    }

    private static GrpcStatus DeadlineStatus() => new(GrpcStatusCode.DeadlineExceeded, "The deadline passed before the call was done.");

    private ValueTask<T?> ReadLinkedAsync<T>(MessageSource<T> source, CancellationToken cancellationToken)
        where T : class, IMessage<T> => ReadLinkedAsync(source, cancellationToken, _context.CancellationToken);

    private void ReadHeaders()
    {
        if (_exchange.GetRequestHeader(MetadataNames.Timeout) is { } text)
        {
            if (!GrpcTimeout.TryParse(text, out TimeSpan timeout))
            {
                throw new GrpcException(GrpcStatusCode.Internal, "grpc-timeout must be 1 to 8 digits and one of the units H, M, S, m, u and n.");
            }

            StartDeadline(timeout);
        }

        string? encoding = _exchange.GetRequestHeader(MetadataNames.Encoding);
        if (!GrpcEncodings.TryParse(encoding, out GrpcEncoding known))
        {
            // gRPC compression: the answer to an unknown encoding says which are known.
            _exchange.AppendResponseHeader(MetadataNames.AcceptEncoding, GrpcEncodings.Accepted);
            throw new GrpcException(GrpcStatusCode.Unimplemented, $"grpc-encoding '{encoding}' is not supported; supported are: {GrpcEncodings.Accepted}.");
        }

        RequestEncoding = known;
    }

    private void StartDeadline(TimeSpan timeout)
    {
        DateTimeOffset now = TimeProvider.GetUtcNow();
        _context.Deadline = timeout < DateTimeOffset.MaxValue - now ? now + timeout : DateTimeOffset.MaxValue;
        if (timeout == TimeSpan.Zero)
        {
            throw new GrpcException(DeadlineStatus());
        }

        AllowCut();
        if (timeout <= MaxTimer)
        {
            // Timers drop what is less than a millisecond; rounded up, so that the server never gives up before the client does.
            var due = TimeSpan.FromMilliseconds(Math.Ceiling(timeout.TotalMilliseconds));
            _timer = TimeProvider.CreateTimer(static call => ((GrpcServerCall)call!).Expire(), this, due, Timeout.InfiniteTimeSpan);
        }
    }

    private void Expire()
    {
        GrpcLog.DeadlinePassed(_logger, _method.FullName);
        Cut(new GrpcException(DeadlineStatus()));
    }

    private Func<GrpcServerContext, ValueTask> Chain(Func<GrpcServerContext, ValueTask> handler)
    {
        for (int i = _options.Interceptors.Count - 1; i >= 0; i--)
        {
            GrpcServerInterceptor interceptor = _options.Interceptors[i];
            Func<GrpcServerContext, ValueTask> next = handler;
            handler = context => interceptor.InvokeAsync(context, next);
        }

        return handler;
    }

    private (GrpcStatus Status, GrpcMetadata? Trailers) StatusOf(Exception exception)
    {
        if (Volatile.Read(ref _cut) is { } cut)
        {
            return (cut.Status, cut.Trailers);
        }

        // The client's clock may be ahead of this one's timer; what its end then does to the stream is no failure of its own.
        bool isLate = _context.Deadline <= TimeProvider.GetUtcNow();
        if (exception is GrpcException known && !(isLate && known.InnerException is EndOfStreamException))
        {
            GrpcLog.CallRefused(_logger, _method.FullName, GrpcStatusNames.NameOf(known.Code), known.Status.LoggedMessage);
            return (known.Status, known.Trailers);
        }

        bool isAborted = _exchange.Aborted.IsCancellationRequested;
        if (isLate && (isAborted || exception is OperationCanceledException or GrpcException))
        {
            return (DeadlineStatus(), null);
        }

        if (isAborted)
        {
            return (new GrpcStatus(GrpcStatusCode.Cancelled, "The client cancelled the call or is gone."), null);
        }

        if (exception is OperationCanceledException)
        {
            return (new GrpcStatus(GrpcStatusCode.Cancelled, "The handler was cancelled."), null);
        }

        GrpcLog.HandlerFailed(_logger, _method.FullName, GrpcStatusNames.NameOf(GrpcStatusCode.Unknown), exception);
        string message = _options.EnableDetailedErrors ? $"{exception.GetType().FullName}: {exception.Message}" : "The handler failed; the server's log says why.";
        return (new GrpcStatus(GrpcStatusCode.Unknown, message), null);
    }

    private void ThrowIfEnded()
    {
        lock (_gate)
        {
            if (_isEnded && Volatile.Read(ref _cut) is null)
            {
                throw new InvalidOperationException(EndedText());
            }
        }
    }

    private string EndedText() => string.Create(CultureInfo.InvariantCulture, $"The call of {_method.FullName} is over; its messages can be read and written until the handler returns.");
}
