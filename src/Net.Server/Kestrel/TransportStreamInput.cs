using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Net.Server.Kestrel.Checking;

namespace Net.Server.Kestrel;

/// <summary>What the peer sends, as Kestrel expects a transport's input: the engine's own pipe, whose failures become the two exceptions that Kestrel knows.</summary>
/// <remarks>One instance serves all requests that its stream context serves, one after the other.</remarks>
internal sealed class TransportStreamInput(TransportStreamContext owner) : PipeReader
{
    private readonly Http3StreamCheck _check = new(owner.FieldLimits, owner);
    private PipeReader _inner = null!;
    private ReadOnlySequence<byte> _buffer;
    private long _checked;
    private bool _isCompleted;

    /// <summary>Whether a read has returned the peer's FIN.</summary>
    internal bool HasSeenEnd { get; private set; }

    /// <summary>Begins with another stream.</summary>
    /// <param name="inner">What the engine gives.</param>
    /// <param name="isRequest">Whether it is a request, or a unidirectional stream.</param>
    internal void Begin(PipeReader inner, bool isRequest)
    {
        _inner = inner;
        _check.Begin(isRequest);
        _buffer = default;
        _checked = 0;
        _isCompleted = false;
        HasSeenEnd = false;
    }

    public override bool TryRead(out ReadResult result)
    {
        owner.ThrowIfReadAborted();
        try
        {
            if (!_inner.TryRead(out result))
            {
                return false;
            }
        }
        catch (TransportException exception)
        {
            throw Translate(exception);
        }

        result = Note(result);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        owner.ThrowIfReadAborted();
        ValueTask<ReadResult> read;
        try
        {
            read = _inner.ReadAsync(cancellationToken);
        }
        catch (TransportException exception)
        {
            throw Translate(exception);
        }

        return read.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Note(read.Result)) : AwaitReadAsync(read);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _checked -= _buffer.Slice(_buffer.Start, consumed).Length;
        _buffer = default;
        _inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => _inner.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted)
        {
            return;
        }

        _isCompleted = true;
        if (!HasSeenEnd)
        {
            // Whatever still comes is not wanted. The engine's own default would be another protocol's code.
            owner.StopReading();
        }

        _inner.Complete();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> AwaitReadAsync(ValueTask<ReadResult> read)
    {
        try
        {
            return Note(await read.ConfigureAwait(false));
        }
        catch (TransportException exception)
        {
            throw Translate(exception);
        }
    }

    private ReadResult Note(ReadResult result)
    {
        if (result.IsCanceled)
        {
            // An abort wakes a waiting read by cancelling it, so that the reason can be thrown here.
            owner.ThrowIfReadAborted();
        }

        long length = result.Buffer.Length;
        Http3Violation? violation = length > _checked ? _check.Inspect(result.Buffer.Slice(_checked)) : null;
        _buffer = result.Buffer;
        _checked = length;
        if (result.IsCompleted && !HasSeenEnd)
        {
            violation ??= _check.InspectEnd();
            HasSeenEnd = true;
            owner.HandleInputEnded();
        }

        return violation is null ? result : throw owner.Reject(violation);
    }

    private Exception Translate(TransportException failure) =>
        failure.Error == TransportError.StreamReset && _check.InspectReset() is Http3Violation violation ? owner.Reject(violation) : owner.TranslateReadFailure(failure);
}
