namespace Net;

/// <summary>Content of an HTTP request that says whether it can be written more than once, also by two attempts at a time. Retry and hedging rest on it, as on the idempotency of the request.</summary>
public interface IReplayableContent
{
    /// <summary>Whether it can. Must not change from the time the request is given to a handler.</summary>
    bool IsReplayable { get; }
}
