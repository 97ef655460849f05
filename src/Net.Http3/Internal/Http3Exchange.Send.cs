namespace Net.Http3;

// The request's content: into the stream's pipe as DATA frames.
internal sealed partial class Http3Exchange
{
    /// <summary>Set on a request whose content was asked for and is not buffered, so that it cannot be sent a second time.</summary>
    internal static readonly HttpRequestOptionsKey<bool> ContentBegun = new("Net.Http3.ContentBegun");

    private TaskCompletionSource<bool>? _continue;

    /// <summary>Whether the sending side belongs to the task that writes the content.</summary>
    private bool HasContentStarted { get; set; }

    private void StartContent(HttpContent content, CancellationToken cancellationToken)
    {
        if (_request.Headers.ExpectContinue == true)
        {
            _continue = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        // Buffered content never waits for anything but the stream, which the abort wakes.
        if (content is not ByteArrayContent and not ReadOnlyMemoryContent)
        {
            _contentCancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        }

        HasContentStarted = true;
        Interlocked.Or(ref _heeding, HeedsContent);
        _ = SendContentAsync(content, cancellationToken, _contentCancellation?.Token ?? cancellationToken);
    }

    private async Task SendContentAsync(HttpContent content, CancellationToken callersToken, CancellationToken cancellationToken)
    {
        try
        {
            if (_continue is not null && !await MayContinueAsync(cancellationToken).ConfigureAwait(false))
            {
                // The final response came instead of the go-ahead, so nobody reads the content.
                _stream.AbortWrite((long)Http3ErrorCode.RequestCancelled);
                return;
            }

            if (_contentCancellation is not null)
            {
                _request.Options.Set(ContentBegun, true);
            }

            long? length = content.Headers.ContentLength;
            if (length is null)
            {
                // Content that is made as it goes may wait for the response, so the server must see the headers at once.
                await _stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }

            var body = new Http3RequestStream(_stream, length);
            await content.CopyToAsync(body, context: null, cancellationToken).ConfigureAwait(false);
            body.Finish();
            if (!body.IsAbandoned)
            {
                if (_request.Options.TryGetValue(Http3RequestOptions.Trailers, out Func<IEnumerable<KeyValuePair<string, string>>>? trailers))
                {
                    _connection.WriteTrailers(_stream, trailers());
                }

                _stream.Output.Complete();
            }
        }
        catch (OperationCanceledException) when (callersToken.IsCancellationRequested)
        {
            // The content may hear of it first, by a token that the caller does not know.
            Cancel(callersToken);
        }
        catch (Exception exception)
        {
            // The stream's own failure says more than what HttpContent made of it.
            Fail(exception is HttpRequestException && Http3Exceptions.FindTransportException(exception) is { } transport ? transport : exception);
        }
        finally
        {
            StopHeeding(HeedsContent);
            _contentCancellation?.Dispose();
            EndSide(SendSide);
        }
    }

    private async ValueTask<bool> MayContinueAsync(CancellationToken cancellationToken)
    {
        await _stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Http3ConnectionOptions options = _connection.Options;
            return await _continue!.Task.WaitAsync(options.Expect100ContinueTimeout, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return true;
        }
    }

    private void CancelContent()
    {
        try
        {
            _contentCancellation?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The content ended this very moment.
        }
        catch (AggregateException)
        {
            // What the content's own callbacks throw is the content's affair; the request has failed already.
        }
    }
}
