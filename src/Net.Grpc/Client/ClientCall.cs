using System.IO.Pipelines;
using System.Net.Http;
using Google.Protobuf;

namespace Net.Grpc;

/// <summary>A call of any kind on the client: an exchange with messages on both sides of it.</summary>
internal sealed class ClientCall<TRequest, TResponse> : GrpcDuplexCall<TRequest, TResponse>
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private readonly ClientExchange _exchange;
    private readonly Task _receiving;
    private readonly Reader _reader;
    private readonly Writer? _writer;

    internal ClientCall(GrpcClient client, GrpcTypedMethod<TRequest, TResponse> method, GrpcClientContext context, HttpContent content)
    {
        _exchange = new ClientExchange(client, context, content);
        _reader = new Reader(this, method.ResponseParser, client.Options);
        _writer = content is StreamingRequestContent stream
            ? new Writer(this, stream, context.Options.Encoding ?? client.Options.Encoding, client.Options.MaxSendMessageSize)
            : null;
        _receiving = _exchange.ReceiveAsync();
        // A caller that disposes the call without waiting for its headers need not hear how they failed.
        _ = _receiving.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public override GrpcMessageReader<TResponse> Responses => _reader;

    public override GrpcMessageWriter<TRequest> Requests => _writer ?? throw new InvalidOperationException("This call has one request, which has been sent.");

    public override GrpcStatus? Status => _exchange.Status;

    public override GrpcMetadata Trailers => _exchange.Trailers;

    public override async ValueTask<GrpcMetadata> GetHeadersAsync(CancellationToken cancellationToken = default)
    {
        using CancellationTokenRegistration registration = Register(cancellationToken);
        await ReceivedAsync(cancellationToken).ConfigureAwait(false);
        return _exchange.Status is { IsOk: false } status ? throw new GrpcException(status) { Trailers = Trailers } : _exchange.Headers;
    }

    public override ValueTask CompleteRequestsAsync(CancellationToken cancellationToken = default) =>
        _writer?.CompleteAsync(cancellationToken) ?? ValueTask.CompletedTask;

    protected override async ValueTask DisposeCoreAsync()
    {
        if (_exchange.Status is null)
        {
            _ = _exchange.Fail(new GrpcException(GrpcStatusCode.Cancelled, "The call was disposed before its end."));
        }

        _writer?.Abandon();
        try
        {
            await _receiving.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is GrpcException or OperationCanceledException)
        {
            // How the call failed was told to its operations.
        }

        await _reader.WaitAsync().ConfigureAwait(false);
        _exchange.Dispose();
    }

    /// <summary>On a client a cancelled operation cancels its call.</summary>
    private CancellationTokenRegistration Register(CancellationToken cancellationToken) => cancellationToken.CanBeCanceled
        ? cancellationToken.UnsafeRegister(static (exchange, token) => ((ClientExchange)exchange!).CancelBy(token), _exchange)
        : default;

    private async ValueTask ReceivedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _receiving.ConfigureAwait(false);
        }
        catch (OperationCanceledException exception)
        {
            throw _exchange.Fail(exception, cancellationToken);
        }
    }

    private sealed class Reader(ClientCall<TRequest, TResponse> call, MessageParser<TResponse> parser, GrpcClientOptions options) : GrpcMessageReader<TResponse>
    {
        private readonly Lock _gate = new();
        private MessageSource<TResponse>? _source;
        private TaskCompletionSource? _idle;
        private bool _isReading;

        public override bool WasCompressed => _source?.WasCompressed ?? false;

        public override async ValueTask<TResponse?> ReadAsync(CancellationToken cancellationToken = default)
        {
            lock (_gate)
            {
                if (_isReading)
                {
                    throw new InvalidOperationException("A response is being read; await each read before the next.");
                }

                _isReading = true;
            }

            try
            {
                using CancellationTokenRegistration registration = call.Register(cancellationToken);
                await call.ReceivedAsync(cancellationToken).ConfigureAwait(false);
                return await ReadCoreAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                lock (_gate)
                {
                    _isReading = false;
                    if (_idle is not null)
                    {
                        options.Continuations.Complete(_idle);
                    }
                }
            }
        }

        /// <summary>Waits until no read uses the body; cancellation ends a read.</summary>
        internal Task WaitAsync()
        {
            lock (_gate)
            {
                return _isReading ? (_idle ??= new(options.Continuations.WaiterOptions)).Task : Task.CompletedTask;
            }
        }

        private async ValueTask<TResponse?> ReadCoreAsync(CancellationToken cancellationToken)
        {
            ClientExchange exchange = call._exchange;
            GrpcStatus? status = exchange.Status;
            if (status is null)
            {
                try
                {
                    _source ??= new MessageSource<TResponse>(exchange.Body!, parser, options.MaxReceiveMessageSize) { Encoding = exchange.ResponseEncoding };
                    if (await _source.ReadAsync(exchange.Token).ConfigureAwait(false) is { } message)
                    {
                        return message;
                    }

                    status = exchange.TakeTrailers();
                    call._writer?.Abandon();
                }
#pragma warning disable CA1031 // Whatever the transport throws is translated and thrown on.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    throw exchange.Fail(exception, cancellationToken);
                }
            }

            return status.IsOk ? null : throw exchange.Fail(new GrpcException(status) { Trailers = exchange.Trailers }, cancellationToken);
        }
    }

    private sealed class Writer(ClientCall<TRequest, TResponse> call, StreamingRequestContent content, GrpcEncoding encoding, int? maxSize) : GrpcMessageWriter<TRequest>
    {
        private const long FlushThreshold = 64 * 1024;
        private const string ClosedText = "The stream of the requests has been closed.";
        private PipeWriter? _pipe;
        private int _isWriting;
        private bool _isCompleted;
        private volatile bool _isAbandoned;

        public override async ValueTask WriteAsync(TRequest message, GrpcWriteOptions options, CancellationToken cancellationToken = default)
        {
            ArgumentNullException.ThrowIfNull(message);
            if (_isCompleted)
            {
                throw new InvalidOperationException("The requests have been completed; nothing can be sent after that.");
            }

            Begin();
            try
            {
                using CancellationTokenRegistration registration = call.Register(cancellationToken);
                PipeWriter? pipe = await OpenAsync(cancellationToken).ConfigureAwait(false);
                if (pipe is not null)
                {
                    await SendAsync(pipe, message, options, cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                Volatile.Write(ref _isWriting, 0);
            }
        }

        internal async ValueTask CompleteAsync(CancellationToken cancellationToken)
        {
            if (_isCompleted)
            {
                return;
            }

            Begin();
            try
            {
                using CancellationTokenRegistration registration = call.Register(cancellationToken);
                if (_pipe is { } pipe && !_isAbandoned)
                {
                    await SendAsync(pipe, message: null, default, cancellationToken).ConfigureAwait(false);
                }

                _isCompleted = true;
                if (_pipe is not null)
                {
                    // With a failure what is left is dropped, as the stream is no longer this call's.
                    await _pipe.CompleteAsync(_isAbandoned ? new IOException(ClosedText) : null).ConfigureAwait(false);
                }

                content.Complete();
            }
            finally
            {
                Volatile.Write(ref _isWriting, 0);
            }
        }

        /// <summary>Nothing more is sent: the call is over, or the server takes no more.</summary>
        internal void Abandon()
        {
            _isAbandoned = true;
            if (!content.Complete())
            {
                // The write that is under way may be waiting for a peer that reads no more.
                call._exchange.Cancel();
            }
        }

        private void Begin()
        {
            if (Interlocked.Exchange(ref _isWriting, 1) != 0)
            {
                throw new InvalidOperationException("A request is being sent; await each write before the next.");
            }
        }

        /// <returns><c>null</c> when the server has ended the call with OK, and what is written now is dropped.</returns>
        private async ValueTask<PipeWriter?> OpenAsync(CancellationToken cancellationToken)
        {
            if (call._exchange.Status is { } status)
            {
                return status.IsOk ? null : throw call._exchange.Fail(new GrpcException(status) { Trailers = call.Trailers }, cancellationToken);
            }

            if (_isAbandoned)
            {
                return null;
            }

            if (_pipe is null)
            {
                Stream stream;
                try
                {
                    stream = await content.Opened.WaitAsync(call._exchange.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException exception)
                {
                    throw call._exchange.Fail(exception, cancellationToken);
                }

                _pipe = LentStreamWriter.Over(stream);
            }

            return _pipe;
        }

        private async ValueTask SendAsync(PipeWriter pipe, TRequest? message, GrpcWriteOptions options, CancellationToken cancellationToken)
        {
            Exception? failure = null;
            if (content.TryTake())
            {
                try
                {
                    if (message is not null)
                    {
                        MessageFraming.Write(pipe, message, options.NoCompression ? GrpcEncoding.Identity : encoding, maxSize);
                    }

                    if (!options.Buffer || pipe.UnflushedBytes >= FlushThreshold)
                    {
                        failure = await FlushAsync(pipe).ConfigureAwait(false);
                    }
                }
                finally
                {
                    content.Return();
                }
            }
            else
            {
                _isAbandoned = true;
                failure = new IOException(ClosedText);
            }

            if (failure is not null)
            {
                await HandleFailureAsync(failure, cancellationToken).ConfigureAwait(false);
            }
        }

        /// <returns>Why it failed, if it did.</returns>
        private async ValueTask<Exception?> FlushAsync(PipeWriter pipe)
        {
            try
            {
                await pipe.FlushAsync(call._exchange.Token).ConfigureAwait(false);
                return null;
            }
#pragma warning disable CA1031 // A handler tells in many ways that the stream is closed.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                return exception;
            }
        }

        // The server has ended the call or stopped reading. Why, stands in its answer; when that has begun, the reader finds it there, and what is written until then is dropped.
        private async ValueTask HandleFailureAsync(Exception exception, CancellationToken cancellationToken)
        {
            if (call._exchange.Status is { IsOk: true })
            {
                return;
            }

            if (call._exchange.Token.IsCancellationRequested)
            {
                throw call._exchange.Fail(exception, cancellationToken);
            }

            Abandon();
            await call.ReceivedAsync(cancellationToken).ConfigureAwait(false);
            if (call._exchange.Status is { IsOk: false } status)
            {
                throw call._exchange.Fail(new GrpcException(status) { Trailers = call.Trailers }, cancellationToken);
            }
        }
    }
}
