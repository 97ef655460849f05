namespace Net.Client;

/// <summary>Why an end point was ejected.</summary>
public enum OutlierReason
{
    /// <summary>So many calls in a row failed: <see cref="OutlierOptions.ConsecutiveFailures"/>.</summary>
    ConsecutiveFailures = 0,

    /// <summary>Its success rate lies far below that of the others: <see cref="OutlierOptions.SuccessRateDeviations"/>.</summary>
    SuccessRate,
}
