using Net.Chaos.Proxy;

namespace Net.Chaos.Tcp;

/// <summary>Lets nothing through, and closes the connection after a time or when the toxic is removed: what was swallowed cannot be made good.</summary>
internal sealed class TimeoutStage(Toxic toxic) : StreamStage
{
    internal static readonly ToxicType Type = ToxicType.ForStreams(
        "timeout",
        "Stops all data and closes the connection after a time.",
        [ToxicAttribute.Whole("timeout", "ms until the connection is closed; 0: it stays open until the toxic is removed")],
        static toxic => new TimeoutStage(toxic));

    private readonly TimeSpan _timeout = toxic.Attributes.Milliseconds("timeout");
    private bool _hasSwallowed;
    private bool _armed;

    protected override void HandleStart()
    {
        if (Context.IsActive)
        {
            Arm();
        }
        else if (Context.NextStart is { } start)
        {
            TimerDue = start;
        }
    }

    protected override void Handle(StreamChunk chunk)
    {
        Arm();
        _hasSwallowed = true;
        Context.Count(FaultKind.Dropped);
        chunk.Return();
    }

    protected override void HandleTimer()
    {
        if (!Context.IsActive)
        {
            // A schedule: the action may just have ended, and may begin again.
            _armed = false;
            TimerDue = Context.NextStart;
        }
        else if (_armed)
        {
            BreakAt(StreamEnd.Closed, Context.Now);
        }
        else
        {
            Arm();
        }
    }

    protected override void HandleLeave(bool isRemoved)
    {
        if (isRemoved && (Context.IsActive || _hasSwallowed))
        {
            BreakAt(StreamEnd.Closed, Context.Now);
        }
    }

    private void Arm()
    {
        if (!_armed && _timeout > TimeSpan.Zero)
        {
            _armed = true;
            TimerDue = Context.Now + _timeout;
        }
    }
}
