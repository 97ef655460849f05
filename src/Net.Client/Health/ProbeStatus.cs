namespace Net.Client;

/// <summary>What a probe found.</summary>
public enum ProbeStatus
{
    /// <summary>Nothing: the peer does not support the check, or there was nothing to check it on. Changes no verdict.</summary>
    Inconclusive,

    /// <summary>The peer answered as it should.</summary>
    Pass,

    /// <summary>It did not answer, or said that it is out of order.</summary>
    Fail,
}
