namespace Net.Chaos.Simulation;

/// <summary>What carries connections in a simulation.</summary>
internal enum SimulatedEngineKind
{
    /// <summary>Frames over a simulated network: no TLS, the same run to the last bit, thousands in a minute.</summary>
    Memory,

    /// <summary>The real drivers of the ngtcp2 engine over simulated datagrams, TLS included.</summary>
    Ngtcp2,
}
