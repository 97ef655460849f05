namespace Net.Client;

/// <summary>What a step of a <see cref="CallTrace"/> tells.</summary>
public enum CallTraceStepKind
{
    /// <summary>An end point could be chosen; the score is the policy's.</summary>
    Candidate = 0,

    /// <summary>An end point could not be chosen, and why.</summary>
    Excluded = 1,

    /// <summary>An end point was picked, and why.</summary>
    Picked = 2,

    /// <summary>An end point that was picked could not serve, and another pick follows.</summary>
    PassedOver = 3,

    /// <summary>The call waits in the queue, and what for.</summary>
    Waiting = 4,

    /// <summary>The wait is over.</summary>
    Woken = 5,

    /// <summary>A connection is being opened that this call may get.</summary>
    Connecting = 6,

    /// <summary>The session was lent: connection, protocol, and which transport won and why.</summary>
    Leased = 7,

    /// <summary>The call was refused, and why.</summary>
    Refused = 8,

    /// <summary>An attempt of the call began or ended. Added by what runs the call.</summary>
    Attempt = 9,
}
