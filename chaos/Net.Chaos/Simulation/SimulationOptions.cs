using Net.Chaos.Simulation.Faults;

namespace Net.Chaos.Simulation;

/// <summary>What one run is made of.</summary>
internal sealed record SimulationOptions
{
    /// <summary>Where all chance comes from.</summary>
    internal required int Seed { get; init; }

    /// <summary>What carries connections. Default memory.</summary>
    internal SimulatedEngineKind Engine { get; init; }

    /// <summary>Hosts. Default 3.</summary>
    internal int Hosts { get; init; } = 3;

    /// <summary>Clients, each with a pool of its own. Default 2.</summary>
    internal int Clients { get; init; } = 2;

    /// <summary>Calls that each client begins in a second. Default 12.</summary>
    internal double Rate { get; init; } = 12;

    /// <summary>Share of the calls that go as gRPC over HTTP/3, the others being raw streams. Default a half.</summary>
    internal double GrpcShare { get; init; } = 0.5;

    /// <summary>By when a call must have an outcome; <c>null</c> (the default): drawn for each, from a tenth of a second to three seconds.</summary>
    internal TimeSpan? Deadline { get; init; }

    /// <summary>When the first fault may happen. Default 1 s.</summary>
    internal TimeSpan FaultsBegin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>When the last fault is over. Default 7 s.</summary>
    internal TimeSpan FaultsEnd { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>How long after the last fault calls may still fail. Default 5 s.</summary>
    internal TimeSpan Recovery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long after that everything must succeed. Default 3 s.</summary>
    internal TimeSpan Liveness { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>What happens; <c>null</c> (the default): drawn from the seed.</summary>
    internal IReadOnlyList<SimulatedFault>? Faults { get; init; }

    /// <summary>Numbers of the faults that happen, from 1, the others being left out; <c>null</c> (the default): all.</summary>
    internal IReadOnlyCollection<int>? Keep { get; init; }

    /// <summary>Whether the lines of the trace are kept. Default <c>false</c>.</summary>
    internal bool KeepsTrace { get; init; }

    /// <summary>Makes the parts that calls run through; tests put faulty ones in their place. Default: the real ones.</summary>
    internal SimulationParts Parts { get; init; } = new();
}
