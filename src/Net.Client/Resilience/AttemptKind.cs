namespace Net.Client;

/// <summary>Why an attempt is made.</summary>
public enum AttemptKind
{
    /// <summary>It is the first.</summary>
    First = 0,

    /// <summary>The one before failed.</summary>
    Retry,

    /// <summary>The server provably never processed the one before. It does not count as a retry.</summary>
    Transparent,

    /// <summary>The ones before have not answered, or failed, and the policy hedges.</summary>
    Hedge,

    /// <summary>The first of a step of the fallback chain.</summary>
    Fallback,
}
