namespace Net.Client;

/// <summary>
/// Sends a call to further end points while the first has not answered, and takes the first answer (gRPC proposal A6). Only for calls that may be done more than once;
/// others are sent once whatever stands here.
/// </summary>
public sealed record HedgingOptions
{
    /// <summary>The defaults.</summary>
    public static HedgingOptions Default { get; } = new();

    /// <summary>Attempts of a call, the first included. Default 2; range 2 to 5.</summary>
    /// <remarks>Two cut the long tail; more help little and cost calls on servers that may be slow because they are full.</remarks>
    public int MaxAttempts { get; init; } = 2;

    /// <summary>How long to wait for an answer before the next attempt. Default 100 ms; range 0 (all at once) to 1 min.</summary>
    /// <remarks>Best a little above the time that 95 of 100 calls take: about one call in twenty is sent twice then. An attempt that fails is followed by the next at once.</remarks>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>After which failures the others go on; any other failure ends the call. Default: all but <see cref="RetryTriggers.Overloaded"/>.</summary>
    /// <remarks>Leave out overload: a second call would add to it.</remarks>
    public RetryTriggers GoOnAfter { get; init; } = RetryTriggers.TransportFailure | RetryTriggers.ServerFailure | RetryTriggers.TimedOut;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(HedgingOptions));
        faults.Range(nameof(MaxAttempts), MaxAttempts, 2, CallRunner.MaxAttempts);
        faults.Range(nameof(Delay), Delay, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        faults.ThrowIfAny();
    }
}
