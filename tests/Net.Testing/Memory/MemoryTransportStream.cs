using System.IO.Pipelines;

namespace Net.Testing;

/// <summary>A stream of a <see cref="MemoryConnection"/>.</summary>
internal sealed class MemoryTransportStream : TransportStream
{
    private readonly MemoryStreamInput? _input;
    private readonly MemoryStreamOutput? _output;
    private readonly MemoryWaiter<bool> _completion;
    private StreamPriority _priority = StreamPriority.Default;
    private bool _announced;
    private bool _released;

    /// <summary>Makes a stream.</summary>
    /// <param name="connection">Its connection.</param>
    /// <param name="id">Its id.</param>
    /// <param name="direction">Which sides send.</param>
    /// <param name="isLocal">Whether this side opened it.</param>
    /// <param name="sendWindow">The peer's first credit for it, bytes.</param>
    public MemoryTransportStream(MemoryConnection connection, long id, StreamDirection direction, bool isLocal, long sendWindow)
    {
        Connection = connection;
        Id = id;
        Direction = direction;
        IsLocallyInitiated = isLocal;
        _announced = !isLocal;
        _completion = new(connection.Network, connection.RunsInline);
        _input = CanRead ? new MemoryStreamInput(this) : null;
        _output = CanWrite ? new MemoryStreamOutput(this, sendWindow) : null;
        Input = _input ?? MissingPipes.Reader;
        Output = _output ?? MissingPipes.Writer;
    }

    public override long Id { get; }

    public override StreamDirection Direction { get; }

    public override bool IsLocallyInitiated { get; }

    public override PipeReader Input { get; }

    public override PipeWriter Output { get; }

    public override StreamPriority Priority
    {
        get => _priority;
        set
        {
            if (Connection.Capabilities.HasFlag(EngineCapabilities.StreamPriority))
            {
                _priority = value;
            }
        }
    }

    public override bool IsEarlyData => false;

    public override Task Completion => _completion.Task;

    public override Task SendCompletion => _output?.Completion ?? Task.CompletedTask;

    /// <summary>The connection.</summary>
    internal MemoryConnection Connection { get; }

    public override void AbortRead(long errorCode)
    {
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        using MemoryNetwork.Scope scope = Connection.Network.Enter();
        if (_input is null || _input.IsReleased)
        {
            return;
        }

        bool tellPeer = !_input.IsOver;
        long dropped = _input.Fault(() => Aborted("reading", errorCode), evenAfterFin: true);
        Connection.ReturnCredit(this, dropped, forStream: false);
        if (tellPeer)
        {
            Connection.SendFrame(16, AnnounceTo(peer => peer.ReceiveStopSending(Id, errorCode)));
        }

        HandleSideOver();
    }

    public override void AbortWrite(long errorCode)
    {
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        using MemoryNetwork.Scope scope = Connection.Network.Enter();
        if (_output?.Fault(() => Aborted("writing", errorCode)) == true)
        {
            Connection.SendFrame(16, AnnounceTo(peer => peer.ReceiveReset(Id, errorCode)));
            HandleSideOver();
        }
    }

    public override ValueTask DisposeAsync()
    {
        using MemoryNetwork.Scope scope = Connection.Network.Enter();
        Output.Complete();
        Input.Complete();
        return ValueTask.CompletedTask;
    }

    /// <summary>Wraps a frame so that the first one of a stream makes the peer know it.</summary>
    /// <param name="frame">The frame.</param>
    /// <returns>The frame to send.</returns>
    internal Action<MemoryConnection> AnnounceTo(Action<MemoryConnection> frame)
    {
        if (_announced)
        {
            return frame;
        }

        _announced = true;
        return peer =>
        {
            peer.ReceiveStream(Id, Direction);
            frame(peer);
        };
    }

    /// <summary>Takes bytes from the peer.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="fin">Whether they are the last.</param>
    /// <returns><c>false</c> when they were dropped.</returns>
    internal bool ReceiveData(ReadOnlyMemory<byte> data, bool fin)
    {
        bool taken = _input!.Receive(data, fin);
        HandleSideOver();
        return taken;
    }

    /// <summary>Takes an acknowledgement of the peer's.</summary>
    /// <param name="count">Bytes.</param>
    /// <param name="fin">Whether the end is acknowledged, too.</param>
    internal void ReceiveAcknowledgement(int count, bool fin) => _output!.ReceiveAcknowledgement(count, fin);

    /// <summary>Takes credit of the peer's.</summary>
    /// <param name="count">Bytes.</param>
    internal void ReceiveCredit(long count) => _output!.ReceiveCredit(count);

    /// <summary>Takes a RESET_STREAM of the peer's.</summary>
    /// <param name="errorCode">Its code.</param>
    internal void ReceiveReset(long errorCode)
    {
        long dropped = _input!.Fault(() => new TransportException(
            TransportError.StreamReset, $"The peer reset stream {Id} with application code 0x{errorCode:x}.") { ApplicationErrorCode = errorCode });
        Connection.ReturnCredit(this, dropped, forStream: false);
        HandleSideOver();
    }

    /// <summary>Takes a STOP_SENDING of the peer's, which is answered with a reset of the same code (RFC 9000, section 3.5).</summary>
    /// <param name="errorCode">Its code.</param>
    internal void ReceiveStopSending(long errorCode)
    {
        bool ended = _output!.Fault(() => new TransportException(
            TransportError.StreamReset, $"The peer reads no more from stream {Id}: STOP_SENDING with application code 0x{errorCode:x}.") { ApplicationErrorCode = errorCode });
        if (ended)
        {
            Connection.SendFrame(16, AnnounceTo(peer => peer.ReceiveReset(Id, errorCode)));
            HandleSideOver();
        }
    }

    /// <summary>Notes that the application consumed bytes.</summary>
    /// <param name="count">How many.</param>
    internal void HandleConsumed(long count)
    {
        Connection.ReturnCredit(this, count, forStream: true);
        HandleSideOver();
    }

    /// <summary>Ends what is not over because the connection ended.</summary>
    /// <param name="close">How it ended.</param>
    internal void HandleConnectionEnd(ConnectionClose close)
    {
        _input?.Fault(() => close.ToException());
        _output?.Fault(() => close.ToException());
        HandleSideOver();
    }

    /// <summary>Looks whether the stream is over, and whether its place is free for another.</summary>
    internal void HandleSideOver()
    {
        if (_input?.IsOver == false || _output?.IsOver == false)
        {
            return;
        }

        _completion.TrySetResult(true);
        if (!_released && _input?.IsReleased != false)
        {
            _released = true;
            Connection.Release(this);
        }
    }

    private TransportException Aborted(string what, long errorCode) =>
        new(TransportError.StreamReset, $"This side aborted {what} on stream {Id} with application code 0x{errorCode:x}.") { ApplicationErrorCode = errorCode };
}
