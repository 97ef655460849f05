using System.IO.Pipelines;
using Google.Protobuf;

namespace Net.Grpc;

/// <content>How the response is written: headers, messages, and what holds them back.</content>
internal sealed partial class GrpcServerCall
{
    private const long FlushThreshold = 64 * 1024;

    // How long a client may take to read on when the call is over but for what it has not read. Kestrel's grace for slow readers is as long.
    private static readonly TimeSpan LeftoverLimit = TimeSpan.FromSeconds(5);

    private Task<FlushResult>? _flushing;

    /// <summary>Writes a message into the response and, unless told otherwise, sends it.</summary>
    internal async ValueTask WriteAsync(IMessage message, GrpcWriteOptions options, bool flush, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        foreach (GrpcServerInterceptor interceptor in _options.Interceptors)
        {
            await interceptor.MessageSendingAsync(_context, message).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        BeginWrite();
        try
        {
            // What a cancelled write left behind.
            await FlushedAsync(cancellationToken).ConfigureAwait(false);
            ApplyHeaders();
            PipeWriter output = _exchange.Output;
            MessageFraming.Write(output, message, options.NoCompression ? GrpcEncoding.Identity : _sendEncoding, _options.MaxSendMessageSize);
            if (flush && (!options.Buffer || !output.CanGetUnflushedBytes || output.UnflushedBytes >= FlushThreshold))
            {
                await FlushAsync(output, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            EndWrite();
        }
    }

    internal async ValueTask SendHeadersAsync(CancellationToken cancellationToken)
    {
        if (AreHeadersSent)
        {
            return;
        }

        BeginWrite();
        try
        {
            ApplyHeaders();
            await FlushAsync(_exchange.Output, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            EndWrite();
        }
    }

    private void ApplyHeaders()
    {
        if (AreHeadersSent)
        {
            return;
        }

        if (_context.ResponseEncoding != GrpcEncoding.Identity &&
            GrpcEncodings.IsAccepted(_exchange.GetRequestHeader(MetadataNames.AcceptEncoding), _context.ResponseEncoding))
        {
            _sendEncoding = _context.ResponseEncoding;
            _exchange.AppendResponseHeader(MetadataNames.Encoding, GrpcEncodings.NameOf(_sendEncoding));
        }

        AppendAll(_context.ResponseHeadersIfAny?.AsReadOnly(), _exchange.AppendResponseHeader);
        AreHeadersSent = true;
    }

    /// <summary>Flushes, and stops waiting for it when a token is cancelled; the flush itself goes on.</summary>
    /// <remarks>
    /// It gets no token: Kestrel takes a flush that is cancelled for a fault and resets the stream with INTERNAL_ERROR, so that a deadline that passes in it would never be told as one.
    /// A client that is gone ends it anyhow, and <see cref="FinishFlushAsync"/> sees to one that does not read.
    /// </remarks>
    private ValueTask FlushAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        ValueTask<FlushResult> flush = output.FlushAsync(CancellationToken.None);
        if (flush.IsCompletedSuccessfully)
        {
            ThrowIfGone(flush.Result);
            return ValueTask.CompletedTask;
        }

        _flushing = flush.AsTask();
        return FlushedAsync(cancellationToken);
    }

    /// <summary>Waits for the flush that is under way, if there is one.</summary>
    private ValueTask FlushedAsync(CancellationToken cancellationToken) => _flushing is null ? ValueTask.CompletedTask : AwaitFlushAsync(_flushing, cancellationToken);

    private async ValueTask AwaitFlushAsync(Task<FlushResult> flushing, CancellationToken cancellationToken)
    {
        CancellationToken call = _context.CancellationToken;
        FlushResult result;
        if (cancellationToken.CanBeCanceled && cancellationToken != call)
        {
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, call);
            result = await flushing.WaitAsync(linked.Token).ConfigureAwait(false);
        }
        else
        {
            result = await flushing.WaitAsync(call).ConfigureAwait(false);
        }

        _flushing = null;
        ThrowIfGone(result);
    }

    // Kestrel also takes a flush that is under way when the response ends for a fault. So the status waits for what a cancelled write left, behind which it would stand anyhow.
    private async ValueTask FinishFlushAsync()
    {
        if (_flushing is null)
        {
            return;
        }

        try
        {
            await _flushing.WaitAsync(LeftoverLimit, TimeProvider, _exchange.Aborted).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            GrpcLog.NotReadOn(_logger, _method.FullName, LeftoverLimit.TotalSeconds);
            _exchange.Abort();
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            GrpcLog.StatusNotSent(_logger, _method.FullName, exception);
        }
    }

    private void ThrowIfGone(FlushResult result)
    {
        if (result.IsCompleted || result.IsCanceled)
        {
            throw new OperationCanceledException("The client cancelled the call or is gone.", _context.CancellationToken);
        }
    }

    private void BeginWrite()
    {
        lock (_gate)
        {
            if (_isEnded)
            {
                if (_cut is not null)
                {
                    throw new OperationCanceledException($"The call was ended while the handler ran, and the client has been told so: {_cut.Status.Message}", _context.CancellationToken);
                }

                throw new InvalidOperationException(EndedText());
            }

            if (_isWriting)
            {
                throw new InvalidOperationException($"A message of {_method.FullName} is being sent; await each write before the next.");
            }

            _isWriting = true;
        }
    }

    private void EndWrite()
    {
        lock (_gate)
        {
            _isWriting = false;
            if (_writeEnded is not null)
            {
                _options.Continuations.Complete(_writeEnded);
            }
        }
    }
}
