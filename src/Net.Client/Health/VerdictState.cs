namespace Net.Client;

/// <summary>What is held of one aspect of an end point's health.</summary>
public enum VerdictState
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
