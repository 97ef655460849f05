using System.Buffers;
using System.IO.Pipelines;
using System.Net.Quic;
using System.Runtime.Versioning;

namespace Net.MsQuic.Internal;

/// <summary>A stream over a QuicStream, with a pipe and a pump for each direction.</summary>
/// <remarks>
/// Pumps stand between because QuicStream aborts a direction when a read or write on it is cancelled, whereas a pipe's cancelled call changes nothing.
/// They never pass a caller's token on, and end when their direction ends; when both have, the QuicStream is disposed, which gives the peer the credit for a new stream.
/// </remarks>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
internal sealed partial class MsQuicStream : TransportStream
{
    private const int SmallestRead = 4 << 10;
    private const int LargestRead = 64 << 10;

    // No application error code is negative.
    private const long NotAborted = -1;

    private readonly Lock _lock = new();
    private readonly MsQuicConnection _connection;
    private readonly Pipe? _receive;
    private readonly Pipe? _send;
    private readonly StreamInput? _input;
    private readonly StreamOutput? _output;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _sendCompletion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private QuicStream? _quic;
    private long _readAbort = NotAborted;
    private long _writeAbort = NotAborted;
    private bool _isReadOver;
    private int _isDisposed;

    internal MsQuicStream(MsQuicConnection connection, StreamDirection direction, bool isLocallyInitiated, long id, StreamPipes pipes)
    {
        _connection = connection;
        Direction = direction;
        IsLocallyInitiated = isLocallyInitiated;
        Id = id;
        if (CanRead)
        {
            _receive = new Pipe(pipes.Receive);
            Input = _input = new StreamInput(_receive.Reader, StopReading);
        }
        else
        {
            Input = PipeReader.Create(ReadOnlySequence<byte>.Empty);
            _isReadOver = true;
        }

        if (CanWrite)
        {
            _send = new Pipe(pipes.Send);
            Output = _output = new StreamOutput(_send.Writer, StopWriting);
        }
        else
        {
            Output = NoOutput.Instance;
            _sendCompletion.SetResult();
        }
    }

    /// <inheritdoc/>
    public override long Id { get; }

    /// <inheritdoc/>
    public override StreamDirection Direction { get; }

    /// <inheritdoc/>
    public override bool IsLocallyInitiated { get; }

    /// <inheritdoc/>
    public override PipeReader Input { get; }

    /// <inheritdoc/>
    public override PipeWriter Output { get; }

    /// <inheritdoc/>
    public override StreamPriority Priority
    {
        get => StreamPriority.Default;
        set
        {
            // The contract: an engine without stream priority ignores it and says Default.
        }
    }

    /// <inheritdoc/>
    public override bool IsEarlyData => false;

    /// <inheritdoc/>
    public override Task Completion => _completion.Task;

    /// <inheritdoc/>
    public override Task SendCompletion => _sendCompletion.Task;

    /// <summary>Starts the pumps.</summary>
    /// <param name="opened">The stream, when it is open already.</param>
    /// <param name="opening">Otherwise its opening.</param>
    internal void Start(QuicStream? opened, Task<QuicStream>? opening = null) => _ = RunAsync(opened, opening);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Output.Complete();
            Input.Complete();
        }

        return ValueTask.CompletedTask;
    }

    private async Task RunAsync(QuicStream? opened, Task<QuicStream>? opening)
    {
        try
        {
            QuicStream quic = opened ?? await opening!.ConfigureAwait(false);
            Adopt(quic);
            Task receiving = _receive is null ? Task.CompletedTask : ReceiveAsync(quic, _receive.Writer);
            Task sending = _send is null ? Task.CompletedTask : SendAsync(quic, _send.Reader);
            Task observing = _send is null ? Task.CompletedTask : ObserveWritesAsync(quic, _send.Reader);
            await receiving.ConfigureAwait(false);
            await sending.ConfigureAwait(false);
            await observing.ConfigureAwait(false);

            // Before the dispose: after STOP_SENDING that one waits for the peer's answer, which does not concern the application.
            _completion.TrySetResult();
            await quic.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Only the opening can fail here, with the connection: the pumps keep their failures to their own direction.
            Fail(_connection.TranslateStreamError(exception));
        }
        finally
        {
            _connection.Forget(this);
            _completion.TrySetResult();
        }
    }

    /// <summary>Takes the open stream on, with the aborts that came before it was open.</summary>
    private void Adopt(QuicStream quic)
    {
        long readAbort;
        long writeAbort;
        lock (_lock)
        {
            _quic = quic;
            readAbort = _readAbort;
            writeAbort = _writeAbort;
        }

        if (readAbort != NotAborted)
        {
            AbortNative(quic, QuicAbortDirection.Read, readAbort);
        }

        if (writeAbort != NotAborted)
        {
            AbortNative(quic, QuicAbortDirection.Write, writeAbort);
        }
    }

    private async Task ReceiveAsync(QuicStream quic, PipeWriter writer)
    {
        Exception? failure = null;
        try
        {
            await CopyInAsync(quic, writer).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = Translate(exception, ref _readAbort);
        }

        lock (_lock)
        {
            _isReadOver = true;
        }

        await writer.CompleteAsync(failure).ConfigureAwait(false);
    }

    private static async Task CopyInAsync(QuicStream quic, PipeWriter writer)
    {
        int size = SmallestRead;
        bool isMoreLikely = false;
        bool isWatched = false;
        while (true)
        {
            if (!isMoreLikely)
            {
                // A read of nothing waits for bytes without holding a block meanwhile: an idle stream costs none.
                await quic.ReadAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
            }

            Memory<byte> block = writer.GetMemory(size);
            int count = await quic.ReadAsync(block, CancellationToken.None).ConfigureAwait(false);
            if (count == 0)
            {
                return;
            }

            writer.Advance(count);
            isMoreLikely = count == block.Length;
            size = isMoreLikely ? Math.Min(size * 2, LargestRead) : SmallestRead;
            ValueTask<FlushResult> flush = writer.FlushAsync(CancellationToken.None);
            if (!flush.IsCompleted && !isWatched)
            {
                // While the application leaves the bytes where they are, nothing else would notice a reset or the end of the connection.
                isWatched = true;
                _ = WatchReadsAsync(quic, writer);
            }

            await flush.ConfigureAwait(false);
        }
    }

    private static async Task WatchReadsAsync(QuicStream quic, PipeWriter writer)
    {
        await quic.ReadsClosed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        writer.CancelPendingFlush();
    }

    private async Task SendAsync(QuicStream quic, PipeReader reader)
    {
        Exception? failure = null;
        try
        {
            await CopyOutAsync(quic, reader).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = Translate(exception, ref _writeAbort);
        }

        await reader.CompleteAsync(failure).ConfigureAwait(false);
    }

    private async Task CopyOutAsync(QuicStream quic, PipeReader reader)
    {
        while (true)
        {
            ReadResult result = await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            if (_sendCompletion.Task is { IsFaulted: true } over)
            {
                throw over.Exception!.InnerException!;
            }

            ReadOnlySequence<byte> buffer = result.Buffer;
            SequencePosition position = buffer.Start;
            long left = buffer.Length;
            while (buffer.TryGet(ref position, out ReadOnlyMemory<byte> block))
            {
                left -= block.Length;
                if (!block.IsEmpty)
                {
                    // FIN rides on the last block, which spares a frame and a call.
                    await quic.WriteAsync(block, completeWrites: result.IsCompleted && left == 0, CancellationToken.None).ConfigureAwait(false);
                }
            }

            bool isFinSent = result.IsCompleted && buffer.Length > 0;
            reader.AdvanceTo(buffer.End);
            if (isFinSent)
            {
                return;
            }

            if (result.IsCompleted)
            {
                quic.CompleteWrites();
                return;
            }
        }
    }

    /// <summary>Settles <see cref="SendCompletion"/>, and ends the pump when the peer wants no more.</summary>
    private async Task ObserveWritesAsync(QuicStream quic, PipeReader reader)
    {
        try
        {
            await quic.WritesClosed.ConfigureAwait(false);
            _sendCompletion.TrySetResult();
        }
        catch (Exception exception)
        {
            FailSending(Translate(exception, ref _writeAbort));
            reader.CancelPendingRead();
        }
    }

    private TransportException Translate(Exception exception, ref long abort)
    {
        long code = Volatile.Read(ref abort);
        return exception as TransportException
            ?? (code == NotAborted
                ? _connection.TranslateStreamError(exception)
                : DescribeAbort(code, exception));
    }

    private TransportException DescribeAbort(long errorCode, Exception? cause) =>
        new(TransportError.StreamReset, $"This side aborted stream {Id} with application code 0x{errorCode:x}.", cause) { ApplicationErrorCode = errorCode };

    private void Fail(TransportException failure)
    {
        lock (_lock)
        {
            _isReadOver = true;
        }

        _receive?.Writer.Complete(failure);
        if (_send is not null)
        {
            FailSending(failure);
            _send.Reader.Complete(failure);
        }
    }

    private void FailSending(TransportException failure)
    {
        if (_sendCompletion.TrySetException(failure))
        {
            // Whoever does not await it is told by Output as well, so it must not surface as an unobserved exception.
            _ = _sendCompletion.Task.Exception;
        }
    }
}
