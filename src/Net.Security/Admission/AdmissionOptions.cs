namespace Net.Security;

/// <summary>How much a caller, and all callers together, may ask for. Callers that are not known count by their source address.</summary>
public sealed record AdmissionOptions
{
    /// <summary>Calls per second of one principal, over time. Default 100; range 1 to 10^6; <c>null</c>: any.</summary>
    public int? RatePerPrincipal { get; init; } = 100;

    /// <summary>Calls of one principal that may come at once after a pause. Default 50; range 1 to 10^6.</summary>
    public int BurstPerPrincipal { get; init; } = 50;

    /// <summary>Calls per second of all together. Default <c>null</c>: any; range 1 to 10^7.</summary>
    public int? GlobalRate { get; init; }

    /// <summary>Calls of all together that may come at once after a pause. Default 1,000; range 1 to 10^7.</summary>
    public int GlobalBurst { get; init; } = 1000;

    /// <summary>Calls and raw streams of one principal that run at once. Default 1,000; range 1 to 10^6; <c>null</c>: any.</summary>
    public int? MaxConcurrentPerPrincipal { get; init; } = 1000;

    /// <summary>Connections on which one principal calls at once. Default 100; range 1 to 10^6; <c>null</c>: any.</summary>
    public int? MaxConnectionsPerPrincipal { get; init; } = 100;

    /// <summary>Principals whose figures are kept; beyond that further ones share one set. Default 10,000; range 1 to 10^6.</summary>
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
