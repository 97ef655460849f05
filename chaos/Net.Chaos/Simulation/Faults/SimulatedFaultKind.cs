namespace Net.Chaos.Simulation.Faults;

/// <summary>What can happen in a simulation.</summary>
internal enum SimulatedFaultKind
{
    /// <summary>Nothing passes between a client and a host.</summary>
    Partition,

    /// <summary>Nothing that the client sends arrives.</summary>
    CutUpstream,

    /// <summary>Nothing that the host sends arrives.</summary>
    CutDownstream,

    /// <summary>Packets are lost; the amount is their share.</summary>
    Loss,

    /// <summary>Everything takes longer; the amount is the time in seconds.</summary>
    Slow,

    /// <summary>Packets overtake each other; the amount is their share.</summary>
    Reorder,

    /// <summary>Packets arrive twice; the amount is their share.</summary>
    Duplicate,

    /// <summary>The client's connections get a new address, as behind a NAT that has forgotten them.</summary>
    Rebind,

    /// <summary>The client moves its connections to other addresses of its own.</summary>
    Migrate,

    /// <summary>The host's process dies without a word and is started again at the end.</summary>
    Kill,

    /// <summary>The host's process stands still.</summary>
    Freeze,

    /// <summary>The host refuses connections.</summary>
    Refuse,

    /// <summary>The host closes its connections at once.</summary>
    Reset,

    /// <summary>The host takes no new streams, ends those that run, closes, and is started again at the end.</summary>
    Drain,

    /// <summary>The host's handlers fail; the amount is the share of calls.</summary>
    Fail,

    /// <summary>The clients' identity changes; an amount above one half withdraws the trust in the old one.</summary>
    Rotate,

    /// <summary>Callers give up; the amount is the share of the calls under way.</summary>
    Cancel,
}
