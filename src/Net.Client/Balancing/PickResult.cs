namespace Net.Client;

/// <summary>The answer of a picker: use this candidate, wait, or fail.</summary>
public readonly record struct PickResult
{
    private PickResult(PickKind kind, int index, PickFailure failure)
    {
        Kind = kind;
        Index = index;
        Failure = failure;
    }

    /// <summary>What to do.</summary>
    public PickKind Kind { get; }

    /// <summary>Index into <see cref="EndPointPicker.Candidates"/>; -1 unless <see cref="Kind"/> is <see cref="PickKind.Connect"/>.</summary>
    public int Index { get; }

    /// <summary>Why nobody was chosen; <see cref="PickFailure.None"/> unless <see cref="Kind"/> is <see cref="PickKind.Fail"/>.</summary>
    public PickFailure Failure { get; }

    /// <summary>Use a candidate.</summary>
    /// <param name="index">Its index.</param>
    /// <returns>The result.</returns>
    public static PickResult Connect(int index) => new(PickKind.Connect, index, PickFailure.None);

    /// <summary>Wait until something changes.</summary>
    /// <returns>The result.</returns>
    public static PickResult Wait() => new(PickKind.Wait, -1, PickFailure.None);

    /// <summary>Fail.</summary>
    /// <param name="failure">Why.</param>
    /// <returns>The result.</returns>
    public static PickResult Fail(PickFailure failure) => new(PickKind.Fail, -1, failure);

    /// <summary>Makes the exception for a failure; nothing was sent, so it is safe to retry.</summary>
    /// <param name="retryAfter">When another attempt makes sense; <c>null</c>: not known.</param>
    /// <returns>The exception, not thrown.</returns>
    /// <exception cref="InvalidOperationException">This is no failure.</exception>
    public TransportException CreateException(TimeSpan? retryAfter = null)
    {
        (TransportError error, string message) = Failure switch
        {
            PickFailure.NoEndPoint => (TransportError.NoEndPoint, "The channel has no end point; add one, or see why the resolver found none."),
            PickFailure.AllUnhealthy => (TransportError.NoEndPoint,
                $"Every end point of the channel is unhealthy, and {nameof(PriorityGroupOptions)}.{nameof(PriorityGroupOptions.Panic)} says to fail at once; the channel's snapshot says why each is."),
            PickFailure.AllAvoided => (TransportError.CircuitOpen, "Every end point is cut off by its circuit breaker or was already tried by this call."),
            _ => throw new InvalidOperationException($"A pick that says {Kind} has no exception."),
        };
        return new TransportException(error, message) { RetryAfter = retryAfter };
    }
}
