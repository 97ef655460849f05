using System.Net.Quic;

namespace Net.MsQuic.Internal;

// Giving up one direction or both.
internal sealed partial class MsQuicStream
{
    /// <inheritdoc/>
    public override void AbortRead(long errorCode) => Abort(QuicAbortDirection.Read, errorCode);

    /// <inheritdoc/>
    public override void AbortWrite(long errorCode) => Abort(QuicAbortDirection.Write, errorCode);

    /// <inheritdoc/>
    /// <remarks>In one call: aborting sending and then reading, each by itself, now and then leaves the library waiting for an end of the stream that never comes.</remarks>
    public override void Abort(long errorCode) => Abort(QuicAbortDirection.Both, errorCode);

    private void Abort(QuicAbortDirection wanted, long errorCode)
    {
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        QuicStream? quic;
        QuicAbortDirection directions = 0;
        lock (_lock)
        {
            if (wanted.HasFlag(QuicAbortDirection.Read) && !_isReadOver && _readAbort == NotAborted)
            {
                _readAbort = errorCode;
                directions |= QuicAbortDirection.Read;
            }

            if (wanted.HasFlag(QuicAbortDirection.Write) && _writeAbort == NotAborted && !_sendCompletion.Task.IsCompleted)
            {
                _writeAbort = errorCode;
                directions |= QuicAbortDirection.Write;
            }

            quic = _quic;
        }

        // The library first: whom the failures wake may end the stream at once.
        if (quic is not null && directions != 0)
        {
            AbortNative(quic, directions, errorCode);
        }

        if (directions.HasFlag(QuicAbortDirection.Write))
        {
            _output!.Fail(DescribeAbort(errorCode, null));
        }

        if (directions.HasFlag(QuicAbortDirection.Read))
        {
            _input!.Fail(DescribeAbort(errorCode, null));

            // The pump may wait for the application to make room, which it will not do any more.
            _receive!.Writer.CancelPendingFlush();
        }
    }

    private static void AbortNative(QuicStream quic, QuicAbortDirection direction, long errorCode)
    {
        try
        {
            quic.Abort(direction, errorCode);
        }
        catch (Exception exception) when (exception is ObjectDisposedException or QuicException)
        {
            // The stream or its connection ended at the same moment; there is nothing left to abort.
        }
    }

    private void StopReading() => AbortRead(_connection.DefaultStreamErrorCode);

    private void StopWriting() => AbortWrite(_connection.DefaultStreamErrorCode);
}
