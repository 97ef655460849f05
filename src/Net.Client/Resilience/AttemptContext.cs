namespace Net.Client;

/// <summary>What an attempt knows of the call it belongs to.</summary>
/// <param name="Number">1 for the first time the call is sent, 2 for the second.</param>
/// <param name="Kind">Why it is made.</param>
/// <param name="Idempotency">The call's.</param>
/// <param name="Deadline">When the call must be over, as a timestamp of the channel's clock; 0: no limit.</param>
public readonly record struct AttemptContext(int Number, AttemptKind Kind, Idempotency Idempotency, long Deadline)
{
    /// <summary>Whether the attempt may travel as 0-RTT data: exactly when it may be sent again without knowing what became of it.</summary>
    public bool AllowsEarlyData => Idempotency != Idempotency.NonIdempotent;

    /// <summary>For gRPC's <c>grpc-previous-rpc-attempts</c>: how often the call was sent before.</summary>
    public int PreviousAttempts => Number - 1;
}
