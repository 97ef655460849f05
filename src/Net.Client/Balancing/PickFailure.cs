namespace Net.Client;

/// <summary>Why a picker chose nobody.</summary>
public enum PickFailure
{
    /// <summary>It chose.</summary>
    None,

    /// <summary>The channel has no end points.</summary>
    NoEndPoint,

    /// <summary>Every candidate is in <see cref="PickContext.Avoid"/>. A second pick that avoids fewer may succeed.</summary>
    AllAvoided,

    /// <summary>Every end point is unhealthy, and the rule for that is <see cref="PanicRule.FailFast"/>.</summary>
    AllUnhealthy,
}
