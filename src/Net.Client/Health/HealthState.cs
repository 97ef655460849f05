namespace Net.Client;

/// <summary>How fit an end point is for traffic.</summary>
public enum HealthState
{
    /// <summary>Nothing speaks against it; also an end point of which nothing is known yet.</summary>
    Healthy,

    /// <summary>Something points to trouble, such as a path that answers late: it gets traffic only when too few others are healthy.</summary>
    Degraded,

    /// <summary>It is believed dead and gets no traffic but under <see cref="PanicRule.UseAll"/>.</summary>
    Unhealthy,
}
