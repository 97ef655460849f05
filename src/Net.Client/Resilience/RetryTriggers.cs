namespace Net.Client;

/// <summary>Outcomes after which an attempt may be made again, where the call's idempotency allows it.</summary>
[Flags]
public enum RetryTriggers
{
    /// <summary>None: only what the server provably never processed is sent again.</summary>
    None = 0,

    /// <summary><see cref="CallOutcome.TransportFailure"/>.</summary>
    TransportFailure = 1,

    /// <summary><see cref="CallOutcome.ServerFailure"/>.</summary>
    ServerFailure = 2,

    /// <summary><see cref="CallOutcome.TimedOut"/>: the attempt's timeout, not the call's deadline.</summary>
    TimedOut = 4,

    /// <summary><see cref="CallOutcome.Overloaded"/>. Without this it is sent again only when the server itself says after what time.</summary>
    Overloaded = 8,
}
