namespace Net.Client;

/// <summary>The result of one health probe.</summary>
public readonly record struct ProbeResult
{
    private const int MaxReasonLength = 512;

    private ProbeResult(ProbeStatus status, TimeSpan? roundTrip, string? reason)
    {
        Status = status;
        RoundTrip = roundTrip;
        Reason = reason;
    }

    /// <summary>What was found.</summary>
    public ProbeStatus Status { get; }

    /// <summary>How long the answer took; <c>null</c> when there was none or it was not measured.</summary>
    public TimeSpan? RoundTrip { get; }

    /// <summary>Why it did not pass, for people; <c>null</c> when it passed.</summary>
    public string? Reason { get; }

    /// <summary>The peer answered as it should.</summary>
    /// <param name="roundTrip">How long it took.</param>
    /// <returns>The result.</returns>
    public static ProbeResult Pass(TimeSpan? roundTrip = null) => new(ProbeStatus.Pass, roundTrip, null);

    /// <summary>The peer did not answer, or said that it is out of order.</summary>
    /// <param name="reason">Why, for people; no secrets. It is logged and shown, and may be the peer's: control characters are replaced (<see cref="PlainText"/>), and 512 characters are kept.</param>
    /// <returns>The result.</returns>
    public static ProbeResult Fail(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return new ProbeResult(ProbeStatus.Fail, null, PlainText.Clean(reason, MaxReasonLength));
    }

    /// <summary>Nothing can be said.</summary>
    /// <param name="reason">Why, for people; no secrets. It is logged and shown, and may be the peer's: control characters are replaced (<see cref="PlainText"/>), and 512 characters are kept.</param>
    /// <returns>The result.</returns>
    public static ProbeResult Inconclusive(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return new ProbeResult(ProbeStatus.Inconclusive, null, PlainText.Clean(reason, MaxReasonLength));
    }
}
