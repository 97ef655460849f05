namespace Net.Chaos.Simulation;

/// <summary>Something that has turns of its own, as a loop has that waits for datagrams and timers.</summary>
internal interface ISimulatedPart
{
    /// <summary>Whether there is something to do at the present time.</summary>
    bool NeedsTurn { get; }

    /// <summary>When there will be, if nothing happens before; <c>null</c>: never.</summary>
    TimeSpan? NextTurn { get; }

    /// <summary>Does it.</summary>
    void RunTurn();
}
