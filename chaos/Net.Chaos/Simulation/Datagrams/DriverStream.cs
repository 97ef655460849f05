using System.IO.Pipelines;

namespace Net.Chaos.Simulation.Datagrams;

/// <summary>A stream of a driver's, whose ends are told between two turns instead of on the thread pool.</summary>
internal sealed class DriverStream(TransportStream inner) : TransportStream
{
    private readonly SimulatedSignal<bool> _completion = new();
    private readonly SimulatedSignal<bool> _sent = new();

    public override long Id => inner.Id;

    public override StreamDirection Direction => inner.Direction;

    public override bool IsLocallyInitiated => inner.IsLocallyInitiated;

    public override PipeReader Input => inner.Input;

    public override PipeWriter Output => inner.Output;

    public override StreamPriority Priority
    {
        get => inner.Priority;
        set => inner.Priority = value;
    }

    public override bool IsEarlyData => inner.IsEarlyData;

    public override Task Completion => _completion.Task;

    public override Task SendCompletion => _sent.Task;

    public override void AbortRead(long errorCode) => inner.AbortRead(errorCode);

    public override void AbortWrite(long errorCode) => inner.AbortWrite(errorCode);

    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>Tells what has ended.</summary>
    /// <returns>Whether there is nothing more to tell.</returns>
    internal bool Report()
    {
        _sent.Follow(inner.SendCompletion);
        if (!_sent.IsOver || !inner.Completion.IsCompleted)
        {
            return false;
        }

        _completion.Follow(inner.Completion);
        return true;
    }
}
