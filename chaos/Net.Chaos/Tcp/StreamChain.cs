using Net.Chaos.Proxy;

namespace Net.Chaos.Tcp;

/// <summary>One direction of a TCP connection between its two sockets: the stages of the toxics, without I/O. Its owner calls it under one lock.</summary>
/// <remarks>
/// <code>
/// source -> noop -> toxic -> toxic -> sink
/// </code>
/// The owner hands in what it reads, asks <see cref="NextDue"/> when to call <see cref="Wake"/>, and stops reading while <see cref="HeldBytes"/> is above its limit.
/// </remarks>
internal sealed class StreamChain
{
    private readonly List<StreamStage> _stages = [];
    private readonly IStreamSink _sink;
    private readonly ToxicStream _stream;
    private readonly ChaosClock _clock;
    private readonly ChainIdentity _identity;

    internal StreamChain(ToxicStream stream, ChainIdentity identity, ChaosClock clock, IEnumerable<Toxic> toxics, IStreamSink sink)
    {
        _stream = stream;
        _identity = identity;
        _clock = clock;
        _sink = sink;
        Append(new NoopStage(), NoopToxic.Instance);
        foreach (Toxic toxic in toxics)
        {
            Add(toxic);
        }
    }

    /// <summary>Bytes that stages hold back.</summary>
    internal long HeldBytes { get; private set; }

    /// <summary>When the chain wants to be woken; <c>null</c> when nothing waits.</summary>
    internal TimeSpan? NextDue
    {
        get
        {
            TimeSpan? next = null;
            foreach (StreamStage stage in _stages)
            {
                if (stage.NextDue is { } due && (next is null || due < next))
                {
                    next = due;
                }
            }

            return next;
        }
    }

    /// <summary>Takes bytes that were read; they are copied.</summary>
    internal void Receive(ReadOnlySpan<byte> data) => _stages[0].Accept(new StreamChunk(data));

    /// <summary>The source has ended.</summary>
    internal void ReceiveEnd(StreamEnd end) => _stages[0].AcceptEnd(end);

    /// <summary>Passes on what is due.</summary>
    internal void Wake()
    {
        TimeSpan now = _clock.Now;

        // From the front: what an earlier stage passes on now may be due at the next one now, too.
        for (int i = 0; i < _stages.Count; i++)
        {
            _stages[i].Wake(now);
        }
    }

    /// <summary>Adds a toxic at the end of the chain, when it has to do with this direction.</summary>
    internal void Add(Toxic toxic)
    {
        if (toxic.AppliesTo(_stream))
        {
            Append(toxic.Definition.CreateStreamStage!(toxic), toxic);
        }
    }

    /// <summary>Puts an updated toxic in the place of the one of the same name.</summary>
    internal void Update(Toxic toxic)
    {
        int index = IndexOf(toxic.Name);
        if (index < 0)
        {
            return;
        }

        StreamStage before = _stages[index];
        before.Leave(isRemoved: false);
        StreamStage stage = toxic.Definition.CreateStreamStage!(toxic);
        _stages[index] = stage;
        stage.Replace(before);
        stage.Attach(this, toxic, NewContext(toxic));
    }

    /// <summary>Removes a toxic; what it held goes on first.</summary>
    internal void Remove(string name)
    {
        int index = IndexOf(name);
        if (index >= 0)
        {
            _stages[index].Leave(isRemoved: true);
            _stages.RemoveAt(index);
        }
    }

    /// <summary>The connection is gone.</summary>
    internal void Discard()
    {
        foreach (StreamStage stage in _stages)
        {
            stage.Discard();
        }
    }

    internal void CountHeld(int bytes) => HeldBytes += bytes;

    internal void PassOn(StreamStage from, StreamChunk chunk)
    {
        int next = _stages.IndexOf(from) + 1;
        if (next < _stages.Count)
        {
            _stages[next].Accept(chunk);
        }
        else
        {
            _sink.Write(chunk);
        }
    }

    internal void PassOn(StreamStage from, StreamEnd end)
    {
        int next = _stages.IndexOf(from) + 1;
        if (next < _stages.Count)
        {
            _stages[next].AcceptEnd(end);
        }
        else
        {
            _sink.End(end);
        }
    }

    private void Append(StreamStage stage, Toxic toxic)
    {
        _stages.Add(stage);
        stage.Attach(this, toxic, NewContext(toxic));
    }

    private StageContext NewContext(Toxic toxic) => new(toxic, _stream, _clock, _identity.Seed, _identity.Proxy, _identity.Session);

    private int IndexOf(string name) => _stages.FindIndex(1, s => s.Toxic.Name == name);
}
