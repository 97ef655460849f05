namespace Net.Security;

/// <summary>Which limit a caller has run into.</summary>
public enum AdmissionRefusal
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><see cref="AdmissionOptions.RatePerPrincipal"/>.</summary>
    PrincipalRate,

    /// <summary><see cref="AdmissionOptions.GlobalRate"/>.</summary>
    GlobalRate,

    /// <summary><see cref="AdmissionOptions.MaxConcurrentPerPrincipal"/>.</summary>
    ConcurrentCalls,

    /// <summary><see cref="AdmissionOptions.MaxConnectionsPerPrincipal"/>.</summary>
    Connections,
}
