using Net.Chaos.Proxy;

namespace Net.Chaos.Tcp;

/// <summary>What one toxic does to one direction of one TCP connection. All calls come under the lock of the direction.</summary>
/// <remarks>
/// A stage gets chunks and the end in order and passes them on in order. What it holds back waits in one queue with the time of each entry, so that nothing overtakes.
/// When its toxic leaves, what is held is passed on at once.
/// </remarks>
internal abstract class StreamStage
{
    private readonly Queue<Held> _held = new();
    private StreamChain _chain = null!;
    private TimeSpan _lastDue;
    private bool _hasEnded;

    private readonly record struct Held(StreamChunk? Chunk, StreamEnd End, bool IsFault, TimeSpan Due);

    /// <summary>When the stage wants to be woken; <c>null</c> when nothing waits.</summary>
    internal TimeSpan? NextDue
    {
        get
        {
            TimeSpan? held = _held.TryPeek(out Held first) ? first.Due : null;
            return held is null || TimerDue < held ? TimerDue : held;
        }
    }

    /// <summary>The toxic that it belongs to.</summary>
    internal Toxic Toxic { get; private set; } = null!;

    protected StageContext Context { get; private set; } = null!;

    /// <summary>When <see cref="HandleTimer"/> is to be called; <c>null</c>: not at all.</summary>
    protected TimeSpan? TimerDue { get; set; }

    internal void Attach(StreamChain chain, Toxic toxic, StageContext context)
    {
        _chain = chain;
        Toxic = toxic;
        Context = context;
        HandleStart();
    }

    /// <summary>Takes a chunk from the stage before.</summary>
    internal void Accept(StreamChunk chunk)
    {
        if (_hasEnded)
        {
            chunk.Return();
        }
        else if (Context.IsActive)
        {
            Handle(chunk);
        }
        else
        {
            ForwardAt(chunk, Context.Now);
        }
    }

    /// <summary>Takes the end from the stage before.</summary>
    internal void AcceptEnd(StreamEnd end)
    {
        if (_hasEnded)
        {
            return;
        }

        if (Context.IsActive)
        {
            HandleEnd(end);
        }
        else
        {
            EndAt(end, Context.Now);
        }
    }

    /// <summary>Passes on what is due.</summary>
    internal void Wake(TimeSpan now)
    {
        if (TimerDue <= now)
        {
            TimerDue = null;
            HandleTimer();
        }

        while (_held.TryPeek(out Held first) && first.Due <= now)
        {
            _held.Dequeue();
            Pass(first);
        }
    }

    /// <summary>The toxic leaves: everything held goes on, in order.</summary>
    /// <param name="isRemoved">Whether the toxic was removed; else another stage takes its place after an update.</param>
    internal void Leave(bool isRemoved)
    {
        while (_held.TryDequeue(out Held held))
        {
            Pass(held);
        }

        TimerDue = null;
        if (!_hasEnded)
        {
            HandleLeave(isRemoved);
        }
    }

    /// <summary>The connection is gone: everything held is forgotten.</summary>
    internal void Discard()
    {
        _hasEnded = true;
        TimerDue = null;
        while (_held.TryDequeue(out Held held))
        {
            if (held.Chunk is { } chunk)
            {
                _chain.CountHeld(-chunk.Length);
                chunk.Return();
            }
        }
    }

    /// <summary>Takes over what a stage knew whose toxic was updated.</summary>
    internal void Replace(StreamStage before)
    {
        _hasEnded = before._hasEnded;
        Inherit(before);
    }

    /// <summary>A chunk came while the toxic acts. The stage passes it on, holds it, or returns it.</summary>
    protected abstract void Handle(StreamChunk chunk);

    /// <summary>The stage meets a connection.</summary>
    protected virtual void HandleStart()
    {
    }

    /// <summary>The direction ended while the toxic acts.</summary>
    protected virtual void HandleEnd(StreamEnd end) => EndAt(end, Context.Now);

    /// <summary><see cref="TimerDue"/> has come.</summary>
    protected virtual void HandleTimer()
    {
    }

    /// <summary>The toxic was removed, or another stage takes this one's place; everything held has been passed on.</summary>
    protected virtual void HandleLeave(bool isRemoved)
    {
    }

    /// <inheritdoc cref="Replace"/>
    protected virtual void Inherit(StreamStage before)
    {
    }

    /// <summary>Passes a chunk on at a time, or after what is held already.</summary>
    protected void ForwardAt(StreamChunk chunk, TimeSpan due)
    {
        _chain.CountHeld(chunk.Length);
        HoldOrPass(new Held(chunk, default, false, due));
    }

    /// <summary>Passes the end on at a time, or after what is held already.</summary>
    protected void EndAt(StreamEnd end, TimeSpan due)
    {
        _hasEnded = true;
        HoldOrPass(new Held(null, end, false, due));
    }

    /// <summary>Ends the connection as a fault of this toxic.</summary>
    protected void BreakAt(StreamEnd end, TimeSpan due)
    {
        _hasEnded = true;
        HoldOrPass(new Held(null, end, true, due));
    }

    private void HoldOrPass(Held held)
    {
        if (_held.Count == 0 && held.Due <= Context.Now)
        {
            Pass(held);
            return;
        }

        _lastDue = held.Due > _lastDue ? held.Due : _lastDue;
        _held.Enqueue(held with { Due = _lastDue });
    }

    private void Pass(Held held)
    {
        if (held.Chunk is { } chunk)
        {
            _chain.CountHeld(-chunk.Length);
            _chain.PassOn(this, chunk);
            return;
        }

        if (held.IsFault)
        {
            Context.Count(held.End == StreamEnd.Reset ? FaultKind.Reset : FaultKind.Closed);
        }

        _chain.PassOn(this, held.End);
    }
}
