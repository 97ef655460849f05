namespace Net.Client.Internal;

/// <summary>What one source says of an end point; worse is larger.</summary>
internal enum VerdictState
{
    /// <summary>Nothing is known.</summary>
    Unknown,

    /// <summary>It is in order.</summary>
    Passing,

    /// <summary>Early signs speak against it, though nothing has failed outright.</summary>
    Suspect,

    /// <summary>It is out of order.</summary>
    Failing,
}
