using System.Buffers;
using System.IO.Pipelines;

namespace Net.Chaos.Simulation.Frames;

/// <summary>One side of a stream.</summary>
internal sealed class FrameStream : TransportStream
{
    private static readonly PipeOptions Inline = new(null, PipeScheduler.Inline, PipeScheduler.Inline, 0, 0, useSynchronizationContext: false);
    private readonly FrameConnection _connection;
    private readonly Pipe _input = new(Inline);
    private readonly FrameOutput _output;
    private readonly SimulatedSignal<bool> _completion = new();
    private readonly SimulatedSignal<bool> _sent = new();
    private bool _isReceiveOver;
    private bool _isSendOver;
    private bool _isDisposed;

    internal FrameStream(FrameConnection connection, long id, bool isLocal)
    {
        _connection = connection;
        Id = id;
        IsLocallyInitiated = isLocal;
        _isReceiveOver = isLocal && Direction == StreamDirection.Unidirectional;
        _isSendOver = !isLocal && Direction == StreamDirection.Unidirectional;
        if (_isReceiveOver)
        {
            _input.Writer.Complete();
        }

        if (_isSendOver)
        {
            _sent.TrySetResult(true);
        }

        _output = new FrameOutput(this);
    }

    public override long Id { get; }

    public override StreamDirection Direction => (Id & FrameConnection.UnidirectionalBit) == 0 ? StreamDirection.Bidirectional : StreamDirection.Unidirectional;

    public override bool IsLocallyInitiated { get; }

    public override PipeReader Input => _input.Reader;

    public override PipeWriter Output => _output;

    public override StreamPriority Priority
    {
        get => StreamPriority.Default;
        set
        {
        }
    }

    public override bool IsEarlyData => false;

    public override Task Completion => _completion.Task;

    public override Task SendCompletion => _sent.Task;

    /// <summary>Whether this side may send, or has sent all.</summary>
    internal bool CanSend => IsLocallyInitiated || Direction == StreamDirection.Bidirectional;

    /// <summary>What a reset says that has no code of its own.</summary>
    internal long DefaultErrorCode => _connection.Options.DefaultStreamErrorCode;

    /// <summary>Whether anything was sent.</summary>
    internal bool HasSent { get; private set; }

    /// <summary>Why sending has failed; <c>null</c>: it has not.</summary>
    internal TransportException? SendFailure { get; private set; }

    public override void AbortRead(long errorCode)
    {
        if (!_isReceiveOver)
        {
            HasSent = true;
            _connection.Send(peer => peer.ReceiveStop(Id, errorCode));
            EndReceive(Reset(errorCode, "was given up by this side"));
        }
    }

    public override void AbortWrite(long errorCode)
    {
        if (!_isSendOver)
        {
            HasSent = true;
            _connection.Send(peer => peer.ReceiveReset(Id, errorCode));
            FailSend(Reset(errorCode, "was reset by this side"));
        }
    }

    public override ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _output.Complete();
            AbortRead(_connection.Options.DefaultStreamErrorCode);
        }

        return ValueTask.CompletedTask;
    }

    internal void SendData(byte[] data, bool isEnd)
    {
        HasSent = true;
        _connection.Send(peer => peer.ReceiveData(Id, data, isEnd));
    }

    internal void ReceiveData(byte[] data, bool isEnd)
    {
        if (_isReceiveOver)
        {
            return;
        }

        _input.Writer.Write(data);
        if (!isEnd)
        {
            _ = _input.Writer.FlushAsync().AsTask();
            return;
        }

        _connection.Send(peer => peer.ReceiveAcknowledgement(Id));
        EndReceive(null);
    }

    internal void ReceiveReset(long code)
    {
        if (!_isReceiveOver)
        {
            EndReceive(Reset(code, "was reset by the peer"));
        }
    }

    internal void ReceiveStop(long code)
    {
        if (!_isSendOver)
        {
            _connection.Send(peer => peer.ReceiveReset(Id, code));
            FailSend(Reset(code, "is no longer wanted by the peer"));
        }
    }

    internal void ReceiveAcknowledgement()
    {
        if (!_isSendOver)
        {
            _isSendOver = true;
            _sent.TrySetResult(true);
            EndIfOver();
        }
    }

    /// <summary>The connection is over.</summary>
    internal void Fail(TransportException failure)
    {
        if (!_isSendOver)
        {
            FailSend(failure);
        }

        if (!_isReceiveOver)
        {
            EndReceive(failure);
        }
    }

    private TransportException Reset(long code, string what) =>
        new(TransportError.StreamReset, $"Stream {Id} {what} with code 0x{code:x}.") { ApplicationErrorCode = code };

    private void FailSend(TransportException failure)
    {
        _isSendOver = true;
        SendFailure = failure;
        _sent.TrySetException(failure);
        EndIfOver();
    }

    private void EndReceive(TransportException? failure)
    {
        _isReceiveOver = true;
        EndIfOver();
        _input.Writer.Complete(failure);
    }

    private void EndIfOver()
    {
        if (_isSendOver && _isReceiveOver)
        {
            _connection.Remove(this);
            _completion.TrySetResult(true);
        }
    }
}
