namespace Net.Client.Internal;

/// <summary>One attempt to connect that is under way. It belongs to its group, not to a call.</summary>
internal sealed class ConnectAttempt(ConnectionGroup group, ChannelProtocol protocol, bool isFallback, string reason)
{
    internal ConnectionGroup Group => group;

    internal ChannelProtocol Protocol => protocol;

    internal bool IsFallback => isFallback;

    /// <summary>Why it was begun, in words.</summary>
    internal string Reason => reason;

    /// <summary>When another is to be made beside it, if it has no result by then. Under the gate.</summary>
    internal long RepeatAt { get; set; }

    /// <summary>How often connecting to the end point had failed when it was begun: those that are begun together and fail together failed once.</summary>
    internal int FailuresBefore { get; } = group.EndPoint.ConnectFailures;

    /// <summary>Ends it: its time is over, its race is lost, or the channel closes. There once it has begun.</summary>
    internal CancellationTokenSource? Cancellation { get; set; }

    /// <summary>Whether the pool gave it up: its end then means nothing. Under the gate.</summary>
    internal bool IsGivenUp { get; set; }

    /// <summary>Ends it, without the gate. It may have ended by itself meanwhile.</summary>
    internal void Cancel()
    {
        try
        {
            Cancellation?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended between the decision and this call.
        }
    }
}
