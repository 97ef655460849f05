namespace Net.Chaos.Simulation;

/// <summary>How one direction between a client and a host is at present. Faults that overlap add up.</summary>
internal sealed class LinkCondition
{
    /// <summary>How many faults cut it.</summary>
    internal int Cuts { get; set; }

    /// <summary>Time on the way, without faults.</summary>
    internal TimeSpan Latency { get; init; }

    /// <summary>Up to so much is added.</summary>
    internal TimeSpan Jitter { get; init; }

    /// <summary>Seconds that faults add.</summary>
    internal double Slowness { get; set; }

    /// <summary>Share of packets that are lost.</summary>
    internal double Loss { get; set; }

    /// <summary>Share of packets that are overtaken.</summary>
    internal double Reorder { get; set; }

    /// <summary>Share of packets that arrive twice.</summary>
    internal double Duplicate { get; set; }

    /// <summary>Packets that a fault of this link touched.</summary>
    internal long Touched { get; set; }

    internal bool IsCut => Cuts > 0;

    /// <summary>How long a packet is on its way now.</summary>
    internal TimeSpan DrawDelay(SimulationWorld world) => Latency + world.Draw(Jitter) + TimeSpan.FromSeconds(Math.Max(0, Slowness));

    /// <summary>Whether chance strikes. A share of zero draws nothing.</summary>
    internal bool Strikes(double share, SimulationWorld world)
    {
        bool strikes = share > 1e-9 && world.Random.NextDouble() < share;
        Touched += strikes ? 1 : 0;
        return strikes;
    }
}
