namespace Net.Client;

/// <summary>What a <see cref="CallRunner"/> needs to know of one call.</summary>
/// <param name="Protocol">What sessions must speak.</param>
/// <param name="Method">The method's name, for messages, spans and fallbacks.</param>
public readonly record struct CallPlan(ChannelProtocol Protocol, string Method)
{
    /// <summary>What happens when the work is done more than once: decides over retry, hedging and 0-RTT alike. Default <see cref="Net.Idempotency.NonIdempotent"/>.</summary>
    public Idempotency Idempotency { get; init; }

    /// <summary>What to do when attempts fail; <c>null</c> (the default): <see cref="CallPolicy.None"/>. From <see cref="CallPolicies.Find"/>, which holds only policies that were checked; one made by hand is to be validated once.</summary>
    public CallPolicy? Policy { get; init; }

    /// <summary>
    /// How long this call may take, in place of <see cref="TimeoutOptions.PerCall"/>; <c>null</c> (the default): what the policy says; <see cref="System.Threading.Timeout.InfiniteTimeSpan"/>: no limit.
    /// </summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>A hash of what keeps calls together, for policies with affinity; <c>null</c> (the default): none.</summary>
    public ulong? AffinityHash { get; init; }

    /// <summary>Refuses instead of waiting when no connection is ready. Default <c>false</c>: waits.</summary>
    public bool FailFast { get; init; }

    /// <summary>Collects how the call went; <c>null</c> (the default): nobody asks.</summary>
    public CallTrace? Trace { get; init; }
}
