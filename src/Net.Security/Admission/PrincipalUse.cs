namespace Net.Security;

/// <summary>What one principal uses. Its fields are changed by <see cref="AdmissionControl"/>.</summary>
internal sealed class PrincipalUse
{
    internal RateBucket Rate { get; } = new();

    internal int Calls;

    internal int Connections;

    /// <summary>Whether forgetting it would change nothing.</summary>
    internal bool IsIdle(long now) => Volatile.Read(ref Calls) == 0 && Volatile.Read(ref Connections) == 0 && Rate.IsFull(now);
}
