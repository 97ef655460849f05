namespace Net.Security;

/// <summary>Whether a caller may go on.</summary>
/// <param name="Outcome">The answer.</param>
/// <param name="Message">What the caller may be told; a fixed text for each kind of refusal.</param>
/// <param name="RetryAfter">When <paramref name="Outcome"/> is <see cref="AccessOutcome.Overloaded"/>, how long to wait.</param>
public readonly record struct AccessVerdict(AccessOutcome Outcome, string Message, TimeSpan RetryAfter)
{
    internal const string ForbiddenText = "The caller may not do this.";
    internal const string UnknownText = "The caller is not known: it showed no credentials, or they are not accepted.";
    internal const string LimitText = "The caller has reached a limit. Try again later.";
    internal const string AuditText = "The server cannot serve now. Try again later.";

    internal static readonly AccessVerdict Allowed = new(AccessOutcome.Allowed, "", default);
    internal static readonly AccessVerdict Forbidden = new(AccessOutcome.Forbidden, ForbiddenText, default);
    internal static readonly AccessVerdict Unknown = new(AccessOutcome.Unauthenticated, UnknownText, default);

    /// <summary>Whether the caller may go on.</summary>
    public bool IsAllowed => Outcome == AccessOutcome.Allowed;
}
