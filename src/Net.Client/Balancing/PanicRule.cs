namespace Net.Client;

/// <summary>What to do when no end point is healthy enough.</summary>
public enum PanicRule
{
    /// <summary>Use all of them: health checks may be wrong, and trying is how to learn it.</summary>
    UseAll,

    /// <summary>Fail at once: a quick failure is worth more than a call to an end point that is believed dead.</summary>
    FailFast,
}
