namespace Net.Client;

/// <summary>What an outcome says of the end point: breaker, ejector and budget read it the same way.</summary>
internal static class OutcomeKinds
{
    /// <summary>The end point failed.</summary>
    internal static bool IsFailure(this CallOutcome outcome) =>
        outcome is CallOutcome.ServerFailure or CallOutcome.TransportFailure or CallOutcome.TimedOut;

    /// <summary>The end point did its work, be it to tell the caller of a mistake. The outcomes that are neither say nothing of it.</summary>
    internal static bool IsAnswer(this CallOutcome outcome) => outcome is CallOutcome.Success or CallOutcome.ApplicationFailure;
}
