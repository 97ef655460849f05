namespace Net.Client;

/// <summary>What a pick says to do next.</summary>
public enum PickKind
{
    /// <summary>Fail the call or try something else: <see cref="PickResult.Failure"/> says why.</summary>
    Fail,

    /// <summary>Use the candidate at <see cref="PickResult.Index"/>.</summary>
    Connect,

    /// <summary>Wait in the queue and pick again when something changed.</summary>
    Wait,
}
