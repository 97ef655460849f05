namespace Net.Chaos.Judging;

/// <summary>A fault as it happened.</summary>
internal sealed record FaultRecord
{
    /// <summary>What the file calls it.</summary>
    internal required string Word { get; init; }

    internal required string Target { get; init; }

    /// <summary>When it began, from the start of the run.</summary>
    internal required TimeSpan Began { get; init; }

    /// <summary>When it was over: the process served again, the toxic was gone, the certificate was in use.</summary>
    internal required TimeSpan Ended { get; init; }

    /// <summary>Hosts that it could touch.</summary>
    internal required IReadOnlyList<string> Hosts { get; init; }

    /// <summary>Clients that it was meant for; empty where it was meant for hosts or links.</summary>
    internal IReadOnlyList<string> Clients { get; init; } = [];

    /// <summary>How often it is proved to have acted: packets dropped, processes seen dead, handshakes with the new certificate.</summary>
    internal required long Proof { get; init; }

    /// <summary>What was counted, in words.</summary>
    internal required string ProofOf { get; init; }
}
