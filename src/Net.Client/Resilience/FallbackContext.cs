namespace Net.Client;

/// <summary>What a fallback answer is asked for.</summary>
/// <param name="Method">The call's method.</param>
/// <param name="Outcome">How the last attempt ended.</param>
/// <param name="Failure">Its exception; <c>null</c> when the server answered with a failure.</param>
/// <param name="Attempts">How often the call was sent.</param>
public readonly record struct FallbackContext(string Method, CallOutcome Outcome, Exception? Failure, int Attempts);
