namespace Net.Security;

/// <summary>What happens to calls while the audit cannot be written.</summary>
public enum AuditFailurePolicy
{
    /// <summary>They are refused (RESOURCE_EXHAUSTED, 503, Overloaded) until it can be written again: nothing is done that leaves no trace.</summary>
    RefuseCalls = 0,

    /// <summary>They go on; the metric <c>security.audit.lost</c> counts what is lost, an error is logged, and the first entry that can be written again says how many are missing.</summary>
    Continue = 1,
}
