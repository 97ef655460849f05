using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Net.Http3;

// The response: frames out of the stream's pipe.
internal sealed partial class Http3Exchange
{
    private bool _isBlocked;

    /// <summary>Reads content. One read at a time.</summary>
    /// <returns>How much was read; 0 at the end, when trailers are there too.</returns>
    internal ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (_reader.IsOver)
        {
            return new ValueTask<int>(0);
        }

        BeginRead();
        bool goesOn = false;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            ThrowIfFailed();
            while (!_isBlocked && _stream.Input.TryRead(out ReadResult result))
            {
                ResponseEvent found = Step(result, destination.Span, out int written);
                if (found is ResponseEvent.Data or ResponseEvent.End)
                {
                    return new ValueTask<int>(written);
                }
            }

            goesOn = true;
            return ReadSlowlyAsync(destination, cancellationToken);
        }
        catch (Exception exception) when (!goesOn)
        {
            Fail(exception);
            EndSide(ReceiveSide);
            return ValueTask.FromException<int>(ReadFailure(exception));
        }
        finally
        {
            if (!goesOn)
            {
                EndRead();
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadSlowlyAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static (state, token) => ((Http3Exchange)state!).Cancel(token), this);
        try
        {
            while (true)
            {
                ReadResult result = await NextAsync().ConfigureAwait(false);
                ResponseEvent found = Step(result, destination.Span, out int written);
                if (found is ResponseEvent.Data or ResponseEvent.End)
                {
                    return written;
                }
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
            EndSide(ReceiveSide);
            throw ReadFailure(exception);
        }
        finally
        {
            registration.Unregister();
            EndRead();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReadHeadAsync()
    {
        while (true)
        {
            ReadResult result = await NextAsync().ConfigureAwait(false);
            switch (Step(result, default, out _))
            {
                case ResponseEvent.Informational when _head.Status == 100:
                    _continue?.TrySetResult(true);
                    break;
                case ResponseEvent.Head:
                    _continue?.TrySetResult(_head.Status < 300);
                    ReadWhatIsThere();
                    return;
                default:
                    break;
            }
        }
    }

    // The end often comes along with the headers: trailers and end are then there at once, and the stream is given back without another read.
    private void ReadWhatIsThere()
    {
        if (_stream.Input.TryRead(out ReadResult result))
        {
            Step(result, default, out _);
        }
    }

    // Whoever reads just the announced content leaves the end unread, which is no reason to cancel a request that is over.
    private void TakeTheEnd()
    {
        if (_reader.IsOver || _isBlocked || Volatile.Read(ref _failure) is not null || Interlocked.CompareExchange(ref _readState, Reading, Idle) != Idle)
        {
            return;
        }

        try
        {
            ReadWhatIsThere();
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
        finally
        {
            EndRead();
        }
    }

    private ValueTask<ReadResult> NextAsync() => _isBlocked ? UnblockAsync() : _stream.Input.ReadAsync();

    private async ValueTask<ReadResult> UnblockAsync()
    {
        await _reader.Section.Progress!.Task.ConfigureAwait(false);
        _isBlocked = false;
        ThrowIfFailed();
        _connection.ThrowIfClosed();
        return _stream.Input.TryRead(out ReadResult result) ? result : default;
    }

    private ResponseEvent Step(in ReadResult result, Span<byte> destination, out int written)
    {
        ReadOnlySequence<byte> buffer = result.Buffer;
        ResponseEvent found = ResponseEvent.NeedMore;
        try
        {
            found = _reader.Advance(ref buffer, result.IsCompleted, destination, out written);
        }
        finally
        {
            // Nothing was read when the decoder could go on without new bytes.
            if (!result.Buffer.IsEmpty || result.IsCompleted)
            {
                _stream.Input.AdvanceTo(buffer.Start, found == ResponseEvent.NeedMore ? result.Buffer.End : buffer.Start);
            }
        }

        _isBlocked = found == ResponseEvent.Blocked;
        if (found == ResponseEvent.End)
        {
            EndSide(ReceiveSide);
        }

        return found;
    }

    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw failure;
        }
    }

    private void BeginRead()
    {
        int before = Interlocked.CompareExchange(ref _readState, Reading, Idle);
        ObjectDisposedException.ThrowIf(before == Closed, typeof(HttpResponseMessage));
        if (before == Reading)
        {
            throw new InvalidOperationException("The response's content is being read already; one read at a time.");
        }
    }

    private void EndRead()
    {
        if (Interlocked.CompareExchange(ref _readState, Idle, Reading) == Closed)
        {
            EndSide(ReceiveSide);
        }
    }

    private Exception ReadFailure(Exception exception)
    {
        Exception failure = FailureOr(exception);
        return failure is OperationCanceledException or ObjectDisposedException ? failure : Http3Exceptions.ToReadFailure(failure);
    }
}
