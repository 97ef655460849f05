namespace Net;

/// <summary>What happens when work is done more than once. One rule for retry, hedging and 0-RTT.</summary>
public enum Idempotency
{
    /// <summary>Doing it twice may do harm. It is never sent early and never sent again once it may have been processed. The default.</summary>
    NonIdempotent = 0,

    /// <summary>Doing it twice has the effect of doing it once.</summary>
    Idempotent = 1,

    /// <summary>It changes nothing.</summary>
    NoSideEffects = 2,
}
