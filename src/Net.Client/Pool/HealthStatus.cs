namespace Net.Client;

/// <summary>What one <see cref="HealthAspect"/> of an end point is judged to be.</summary>
public enum HealthStatus
{
    /// <summary>Nobody has judged it yet. Counts as usable.</summary>
    Unknown = 0,

    /// <summary>It is well.</summary>
    Healthy = 1,

    /// <summary>It shows early signs of trouble (probe timeouts, slow answers). Usable, and visible.</summary>
    Degraded = 2,

    /// <summary>It fails. It gets no calls while any other end point can take them.</summary>
    Unhealthy = 3,
}
