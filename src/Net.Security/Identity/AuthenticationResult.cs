namespace Net.Security;

/// <summary>Who calls, or why that is not known.</summary>
/// <param name="Principal">Who calls; <c>null</c>: not known.</param>
/// <param name="Failure">Why not.</param>
/// <param name="Detail">More for the log, in words of ours.</param>
public readonly record struct AuthenticationResult(Principal? Principal, AuthenticationFailure Failure, string Detail)
{
    /// <summary>Whether the credential was checked now, and not remembered.</summary>
    public bool IsFresh { get; init; }

    /// <summary>When <see cref="Failure"/> is <see cref="AuthenticationFailure.Throttled"/>, how long until a login is looked at again.</summary>
    public TimeSpan RetryAfter { get; init; }

    /// <summary>Whether this failure was the last that is looked at for now.</summary>
    public bool HasReachedThrottle { get; init; }

    /// <summary>What the caller may be told; the same for all failures but one, so that it learns nothing from it.</summary>
    public string CallerText => Failure switch
    {
        AuthenticationFailure.None => "",
        AuthenticationFailure.Throttled => "Too many logins failed. Try again later.",
        _ => AccessVerdict.UnknownText,
    };
}
