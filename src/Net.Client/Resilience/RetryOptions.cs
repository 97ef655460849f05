namespace Net.Client;

/// <summary>How often and after what pauses a call is attempted again (gRPC proposal A6).</summary>
/// <remarks>
/// Beside this, and without it, an attempt that the server provably never processed is made again once, at once, at another end point where there is one, and does not count.
/// No call is sent more than five times in all.
/// </remarks>
public sealed record RetryOptions
{
    /// <summary>The defaults.</summary>
    public static RetryOptions Default { get; } = new();

    /// <summary>Attempts of a call, the first included. Default 3; range 2 to 5.</summary>
    /// <remarks>Three find a healthy server in any fleet of which most is well; more only make an outage longer for its callers.</remarks>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>
    /// The longest first pause. Default 100 ms; range 1 ms to 1 min. The n-th pause is drawn from 0 to min(<see cref="InitialBackoff"/> * <see cref="Multiplier"/>^(n-1), <see cref="MaxBackoff"/>).
    /// </summary>
    /// <remarks>About the time of a call. The pause is random, so that half of it is usual.</remarks>
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>By what factor the longest pause grows. Default 2; range 1 to 10.</summary>
    /// <remarks>Two is usual; 1 keeps pauses short where attempts go to different servers anyway.</remarks>
    public double Multiplier { get; init; } = 2;

    /// <summary>What the longest pause grows to at most. Default 10 s; range <see cref="InitialBackoff"/> to 10 min.</summary>
    /// <remarks>Of use only where deadlines are longer: a pause that would outlast the deadline is not made.</remarks>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After which outcomes. Default: all but <see cref="RetryTriggers.Overloaded"/>.</summary>
    /// <remarks>Add overload only where servers say when to come back: what is full is not helped by more calls. Leave out server failures where a failure is the answer.</remarks>
    public RetryTriggers RetryOn { get; init; } = RetryTriggers.TransportFailure | RetryTriggers.ServerFailure | RetryTriggers.TimedOut;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(RetryOptions));
        faults.Range(nameof(MaxAttempts), MaxAttempts, 2, CallRunner.MaxAttempts);
        faults.Range(nameof(InitialBackoff), InitialBackoff, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        ResilienceFaults.Range(faults, nameof(Multiplier), Multiplier, 1, 10);
        faults.Range(nameof(MaxBackoff), MaxBackoff, InitialBackoff, TimeSpan.FromMinutes(10));
        faults.ThrowIfAny();
    }

    /// <summary>Draws a pause.</summary>
    /// <param name="retry">Which retry it is before, from 1.</param>
    /// <param name="draw">A random number from 0 to below 1.</param>
    internal TimeSpan GetBackoff(int retry, double draw) =>
        TimeSpan.FromTicks((long)(draw * Math.Min(InitialBackoff.Ticks * Math.Pow(Multiplier, retry - 1), MaxBackoff.Ticks)));
}
