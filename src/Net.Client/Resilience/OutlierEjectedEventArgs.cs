namespace Net.Client;

/// <summary>An end point was ejected.</summary>
/// <param name="endPoint">Which.</param>
/// <param name="reason">Why.</param>
/// <param name="ejectedFor">How long, jitter included.</param>
public sealed class OutlierEjectedEventArgs(OutlierMember endPoint, OutlierReason reason, TimeSpan ejectedFor) : EventArgs
{
    /// <summary>The end point.</summary>
    public OutlierMember EndPoint { get; } = endPoint;

    /// <summary>Why it was ejected.</summary>
    public OutlierReason Reason { get; } = reason;

    /// <summary>How long it is ejected, jitter included. Nothing is raised when that time is over: <see cref="OutlierMember.IsEjected(long)"/> follows the clock.</summary>
    public TimeSpan EjectedFor { get; } = ejectedFor;
}
