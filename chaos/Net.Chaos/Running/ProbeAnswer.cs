namespace Net.Chaos.Running;

/// <summary>What became of a certificate that was shown.</summary>
internal enum ProbeAnswer
{
    /// <summary>No connection came about, or it ended, for another reason than the certificate.</summary>
    Unreached,

    /// <summary>The connection works.</summary>
    Taken,

    /// <summary>The certificate was refused.</summary>
    Refused,
}
