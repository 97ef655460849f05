using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Net.Server.Kestrel;

/// <summary>What this side sends, as Kestrel expects a transport's output: the engine's own pipe, on which a flush never throws but says that nobody reads any more.</summary>
/// <remarks>
/// One instance serves all requests that its stream context serves, one after the other. Nothing of the transport runs inside its methods: the engine's flush only posts to the
/// engine's own thread. Kestrel calls them under its frame writer's lock, and callbacks run from there could wait for each other for ever.
/// </remarks>
internal sealed class TransportStreamOutput(TransportStreamContext owner) : PipeWriter
{
    // The variable-length integer 2^62-1 in its eight bytes; 2^62-4 differs in the last one.
    private static readonly byte[] LargestInteger = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    private const byte LastByteOfLargestRequestId = 0xfc;

    private static readonly FlushResult NobodyReads = new(isCanceled: false, isCompleted: true);
    private PipeWriter _inner = null!;
    private Memory<byte> _written;
    private long _unflushed;
    private bool _isCompleted;
    private volatile bool _isOver;

    public override bool CanGetUnflushedBytes => _inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => _inner.UnflushedBytes;

    /// <summary>Begins with another stream.</summary>
    internal void Begin(PipeWriter inner)
    {
        _inner = inner;
        _unflushed = 0;
        _isCompleted = false;
        _isOver = false;
    }

    /// <summary>Whether this is HTTP/3's control stream, whose GOAWAY is mended.</summary>
    /// <remarks>
    /// Kestrel begins a shutdown with GOAWAY 2^62-1, which is the id of no request; clients that check, as nghttp3 does, answer with H3_ID_ERROR and lose the requests that run
    /// (RFC 9114, section 5.2, says 2^62-4). It writes the id by itself, and nothing else on the control stream is eight bytes of ones.
    /// </remarks>
    internal bool IsControlStream { get; init; }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Memory<byte> memory = _inner.GetMemory(sizeHint);
        if (IsControlStream)
        {
            _written = memory;
        }

        return memory;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => IsControlStream ? GetMemory(sizeHint).Span : _inner.GetSpan(sizeHint);

    public override void Advance(int bytes)
    {
        // A handler may go on writing for as long as it likes; what nobody reads must not pile up.
        if (!_isOver)
        {
            if (IsControlStream && bytes == LargestInteger.Length && _written.Span[..bytes].SequenceEqual(LargestInteger))
            {
                _written.Span[bytes - 1] = LastByteOfLargestRequestId;
            }

            _inner.Advance(bytes);
            _unflushed += bytes;
        }
    }

    public override void CancelPendingFlush() => _inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted)
        {
            return;
        }

        _isCompleted = true;
        if (exception is not null)
        {
            owner.StopWriting();
        }

        NoteFlush();
        _inner.Complete();
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_isOver)
        {
            return new ValueTask<FlushResult>(NobodyReads);
        }

        NoteFlush();
        ValueTask<FlushResult> flush;
        try
        {
            flush = _inner.FlushAsync(cancellationToken);
        }
        catch (TransportException)
        {
            return EndAsync();
        }

        return flush.IsCompletedSuccessfully ? flush : AwaitFlushAsync(flush);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> AwaitFlushAsync(ValueTask<FlushResult> flush)
    {
        bool isWatched = !flush.IsCompleted && owner.BeginSendWait();
        try
        {
            return await flush.ConfigureAwait(false);
        }
        catch (TransportException)
        {
            return await EndAsync().ConfigureAwait(false);
        }
        finally
        {
            if (isWatched)
            {
                owner.EndSendWait();
            }
        }
    }

    // Kestrel takes no notice of what a flush says, only of being told that the stream is over. Until it has been, the writer waits: otherwise a handler that never
    // looks at its token could write all it has to nobody first.
    private async ValueTask<FlushResult> EndAsync()
    {
        _isOver = true;
        await owner.WhenSendOverTold().ConfigureAwait(false);
        return NobodyReads;
    }

    private void NoteFlush()
    {
        if (_unflushed > 0)
        {
            owner.NoteSent(_unflushed);
            _unflushed = 0;
        }
    }
}
