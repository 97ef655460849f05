namespace Net.Security;

/// <summary>How much a caller, and all callers together, may ask for. Callers that are not known count by their source address.</summary>
public sealed record AdmissionOptions
{
    /// <summary>Calls per second of one principal, over time. Default 100; range 1 to 10^6; <c>null</c>: any.</summary>
    /// <remarks>Above the busiest honest caller. <c>null</c> where all callers are services of your own that share one principal.</remarks>
    public int? RatePerPrincipal { get; init; } = 100;

    /// <summary>Calls of one principal that may come at once after a pause. Default 50; range 1 to 10^6.</summary>
    /// <remarks>About what a caller sends at once when it starts or reconnects. A small one smooths, a large one forgives.</remarks>
    public int BurstPerPrincipal { get; init; } = 50;

    /// <summary>Calls per second of all together. Default <c>null</c>: any; range 1 to 10^7.</summary>
    /// <remarks>What the machine answers in time, measured; beyond it callers are told when to come again instead of all being slow.</remarks>
    public int? GlobalRate { get; init; }

    /// <summary>Calls of all together that may come at once after a pause. Default 1,000; range 1 to 10^7.</summary>
    /// <remarks>It matters only beside <see cref="GlobalRate"/>: a second's worth or less.</remarks>
    public int GlobalBurst { get; init; } = 1000;

    /// <summary>Calls and raw streams of one principal that run at once. Default 1,000; range 1 to 10^6; <c>null</c>: any.</summary>
    /// <remarks>It bounds slow calls, which a rate does not. Raise it for callers with many long streams.</remarks>
    public int? MaxConcurrentPerPrincipal { get; init; } = 1000;

    /// <summary>Connections on which one principal calls at once. Default 100; range 1 to 10^6; <c>null</c>: any.</summary>
    /// <remarks>Above the instances of one service times the connections of each. It counts connections on which the principal calls, not idle ones.</remarks>
    public int? MaxConnectionsPerPrincipal { get; init; } = 100;

    /// <summary>Principals whose figures are kept; beyond that further ones share one set. Default 10,000; range 1 to 10^6.</summary>
    /// <remarks>Above the callers that are active within minutes; it bounds memory when somebody makes names up.</remarks>
    public int MaxPrincipals { get; init; } = 10_000;

    internal void Validate(OptionFaults faults)
    {
        faults.Range("Admission.RatePerPrincipal", RatePerPrincipal ?? 1, 1, 1_000_000);
        faults.Range("Admission.BurstPerPrincipal", BurstPerPrincipal, 1, 1_000_000);
        faults.Range("Admission.GlobalRate", GlobalRate ?? 1, 1, 10_000_000);
        faults.Range("Admission.GlobalBurst", GlobalBurst, 1, 10_000_000);
        faults.Range("Admission.MaxConcurrentPerPrincipal", MaxConcurrentPerPrincipal ?? 1, 1, 1_000_000);
        faults.Range("Admission.MaxConnectionsPerPrincipal", MaxConnectionsPerPrincipal ?? 1, 1, 1_000_000);
        faults.Range("Admission.MaxPrincipals", MaxPrincipals, 1, 1_000_000);
    }
}
