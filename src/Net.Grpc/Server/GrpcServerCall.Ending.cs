namespace Net.Grpc;

/// <content>How a call ends: once, with a status in the trailers or in the headers.</content>
internal sealed partial class GrpcServerCall
{
    private async Task EndAsync(GrpcStatus status, GrpcMetadata? trailers, bool handlerRuns)
    {
        Task? other = null;
        Task writing = Task.CompletedTask;
        TaskCompletionSource? done = null;
        lock (_gate)
        {
            if (_isEnded)
            {
                other = _ending;
            }
            else
            {
                _isEnded = true;
                writing = _isWriting ? (_writeEnded = new(_options.Continuations.WaiterOptions)).Task : writing;
                done = handlerRuns ? new(_options.Continuations.WaiterOptions) : null;
                _ending = done?.Task ?? _ending;
            }
        }

        if (other is not null)
        {
            await other.ConfigureAwait(false);
            return;
        }

        await writing.ConfigureAwait(false);
        await FinishFlushAsync().ConfigureAwait(false);
        SendStatus(status, trailers);
        if (done is not null || _exchange.MustCompleteResponse)
        {
            await CompleteResponseAsync().ConfigureAwait(false);
            if (done is not null)
            {
                _options.Continuations.Complete(done);
            }
        }
    }

    private async Task CompleteResponseAsync()
    {
        if (_exchange.Aborted.IsCancellationRequested)
        {
            return;
        }

        try
        {
            // Kestrel's HTTP/3 leaves this task open for ever when the client resets the stream meanwhile, which is likely where its deadline passes, too. Its token may then say nothing, either.
            Task completed = _exchange.CompleteResponseAsync();
            if (!completed.IsCompleted && _exchange.WhenStreamOver() is { } over && await Task.WhenAny(completed, over).ConfigureAwait(false) == over)
            {
                return;
            }

            await completed.WaitAsync(_exchange.Aborted).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Nobody awaits the end by deadline but the call itself, which must go on to its own end.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            GrpcLog.StatusNotSent(_logger, _method.FullName, exception);
        }
    }

    private void SendStatus(GrpcStatus status, GrpcMetadata? trailers)
    {
        try
        {
            // Also when the client is gone: nobody reads it then, but Kestrel takes a response that ends with unsent data and without trailers for a fault of its own.
            // Before any message the status goes into the headers: Trailers-Only.
            Action<string, string> append = AreHeadersSent ? _exchange.AppendTrailer : _exchange.AppendResponseHeader;
            if (!AreHeadersSent)
            {
                AppendAll(_context.ResponseHeadersIfAny, append);
            }

            append(MetadataNames.Status, GrpcStatusNames.NumberOf(status.Code));
            if (status.Message.Length > 0)
            {
                append(MetadataNames.Message, PercentEncoding.Encode(status.Message));
            }

            if (!status.Details.IsEmpty)
            {
                append(MetadataNames.Details, MetadataBase64.Encode(status.Details.Span));
            }

            AppendAll(_context.ResponseTrailersIfAny, append);
            AppendAll(trailers, append);
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            GrpcLog.StatusNotSent(_logger, _method.FullName, exception);
        }
    }

    private static void AppendAll(GrpcMetadata? metadata, Action<string, string> append)
    {
        if (metadata is not null)
        {
            foreach (GrpcMetadataEntry entry in metadata)
            {
                append(entry.Name, entry.Value);
            }
        }
    }
}
