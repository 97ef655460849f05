namespace Net.Chaos.Judging;

/// <summary>What a run saw of certificates that changed.</summary>
internal sealed record CertificateEvidence
{
    /// <summary>Certificates that took the place of others.</summary>
    internal required long Changes { get; init; }

    /// <summary>Handshakes later than a second after a change that showed the new certificate.</summary>
    internal required long FreshHandshakes { get; init; }

    /// <summary>From a change to the last handshake that still showed the certificate before, the longest.</summary>
    internal required TimeSpan LongestOld { get; init; }

    /// <summary>Handshakes that showed the certificate of a pair that cannot be used.</summary>
    internal required long BadShown { get; init; }

    /// <summary>How often hosts and clients said that they refuse what lies in their files.</summary>
    internal long Refusals { get; init; }

    /// <summary>How many were offered a certificate of a removed authority in the end: hosts over each transport, and clients.</summary>
    internal int OldAuthorityOffered { get; init; }

    /// <summary>Those of them that refused it.</summary>
    internal int OldAuthorityRefused { get; init; }
}
