using System.Net;

namespace Net.Http3;

/// <summary>A response's content that tells when it was read to its end, given up, or failed.</summary>
internal sealed class ObservedContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly HttpCallObserver _observer;

    private ObservedContent(HttpContent inner, HttpCallObserver observer)
    {
        _inner = inner;
        _observer = observer;
        foreach (KeyValuePair<string, System.Net.Http.Headers.HeaderStringValues> header in inner.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    /// <summary>Wraps a response's content; one that cannot hold anything is over at once.</summary>
    internal static HttpContent Wrap(HttpRequestMessage request, HttpResponseMessage response, HttpCallObserver observer)
    {
        bool isEmpty = request.Method == HttpMethod.Head || response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified || response.Content.Headers.ContentLength == 0;
        if (isEmpty)
        {
            observer.OnEnded(null);
            return response.Content;
        }

        return new ObservedContent(response.Content, observer);
    }

    protected override async Task<Stream> CreateContentReadStreamAsync() =>
        new ObservedStream(await _inner.ReadAsStreamAsync().ConfigureAwait(false), _observer);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new ObservedStream(await _inner.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), _observer);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) => new ObservedStream(_inner.ReadAsStream(cancellationToken), _observer);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            await _inner.CopyToAsync(stream, context, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = exception;
            throw;
        }
        finally
        {
            _observer.OnEnded(failure);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _inner.Headers.ContentLength ?? 0;
        return _inner.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
            _observer.OnEnded(new ObjectDisposedException(nameof(HttpResponseMessage), "The response was disposed before all of it was read."));
        }

        base.Dispose(disposing);
    }

    private sealed class ObservedStream(Stream inner, HttpCallObserver observer) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return Note(await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false), buffer.IsEmpty);
            }
            catch (Exception exception)
            {
                observer.OnEnded(exception);
                throw;
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count)
        {
            try
            {
                return Note(inner.Read(buffer, offset, count), count == 0);
            }
            catch (Exception exception)
            {
                observer.OnEnded(exception);
                throw;
            }
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
                observer.OnEnded(new ObjectDisposedException(nameof(HttpResponseMessage), "The response was disposed before all of it was read."));
            }

            base.Dispose(disposing);
        }

        private int Note(int count, bool isProbe)
        {
            if (count == 0 && !isProbe)
            {
                observer.OnEnded(null);
            }

            return count;
        }
    }
}
