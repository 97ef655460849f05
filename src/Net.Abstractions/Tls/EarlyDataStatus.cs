namespace Net;

/// <summary>What became of 0-RTT data on a connection.</summary>
public enum EarlyDataStatus
{
    /// <summary>None was offered.</summary>
    None = 0,

    /// <summary>Offered; the server has not answered yet.</summary>
    Pending = 1,

    /// <summary>Accepted.</summary>
    Accepted = 2,

    /// <summary>Refused: early streams were discarded unprocessed and fail with <see cref="TransportError.EarlyDataRejected"/>.</summary>
    Rejected = 3,
}
