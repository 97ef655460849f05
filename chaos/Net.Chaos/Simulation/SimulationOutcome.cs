using Net.Chaos.Judging;
using Net.Chaos.Simulation.Faults;

namespace Net.Chaos.Simulation;

/// <summary>What came of one run.</summary>
internal sealed record SimulationOutcome
{
    internal required int Seed { get; init; }

    /// <summary>What happened, the faults that were left out not included.</summary>
    internal required IReadOnlyList<SimulatedFault> Faults { get; init; }

    /// <summary>Numbers of these in the whole schedule, from 1.</summary>
    internal required IReadOnlyList<int> Kept { get; init; }

    internal required IReadOnlyList<Finding> Findings { get; init; }

    internal required ulong Hash { get; init; }

    internal required IReadOnlyList<string> Trace { get; init; }

    /// <summary>Packets that faults lost, held back or doubled: that they happened.</summary>
    internal required long Touched { get; init; }

    /// <summary>How often connections moved to another address of their client's by its will.</summary>
    internal required int Moves { get; init; }

    /// <summary>Connections that went on with the session of an earlier one.</summary>
    internal required int Resumed { get; init; }

    /// <summary>Calls that were executed from early data.</summary>
    internal required int Early { get; init; }

    internal required int Calls { get; init; }

    /// <summary>Of these, calls of gRPC.</summary>
    internal required int GrpcCalls { get; init; }

    /// <summary>Requests that a host rejected before it looked at them.</summary>
    internal required int Rejected { get; init; }

    /// <summary>Connections of HTTP/3 that a host told to go away.</summary>
    internal required int GoAways { get; init; }

    /// <summary>Header sections that waited for a table.</summary>
    internal required int Blocked { get; init; }

    internal required int Succeeded { get; init; }

    internal bool Passed => Findings.All(static f => f.Holds);
}
