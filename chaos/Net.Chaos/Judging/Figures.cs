namespace Net.Chaos.Judging;

/// <summary>The figures of a run that a scenario can bound.</summary>
internal static class Figures
{
    internal const string Failed = "failed";
    internal const string Refused = "refused";
    internal const string Unknown = "unknown";
    internal const string Lost = "lost";
    internal const string Success = "success";
    internal const string BrokenStreams = "broken-streams";
    internal const string Recovery = "recovery";
    internal const string Median = "p50";
    internal const string Slowest = "p99";
    internal const string MeanAgainstFirst = "mean-against-first";
    internal const string AttemptsPerCall = "attempts-per-call";
    internal const string Handshakes = "handshakes";
    internal const string Ejection = "ejection";
    internal const string ExitTime = "exit-time";
    internal const string InFlightAtEnd = "in-flight-at-end";
    internal const string OldCertificate = "old-certificate";
    internal const string FreshHandshakes = "fresh-handshakes";
    internal const string BadCertificates = "bad-certificates";
    internal const string RefusedPairs = "refused-pairs";
    internal const string OldAuthority = "old-authority";
    internal const string Memory = "host-memory-growth";
    internal const string MemoryPerConnection = "memory-per-connection";
    internal const string WarmAgain = "warm-again";
    internal const string SlowestRefusal = "slowest-refusal";
    internal const string Replayed = "replayed";
    internal const string StatelessResets = "stateless-resets";
    internal const string ResetTime = "reset-time";
    internal const string RevokedCut = "revoked-cut";
    internal const string LostElsewhere = "lost-elsewhere";
    internal const string Amplification = "amplification";
    internal const string LargestReply = "largest-reply";
    internal const string Retries = "retries";
    internal const string ResetsTaken = "resets-taken";

    /// <summary>Name, unit and meaning of each.</summary>
    internal static IReadOnlyList<(string Name, string Unit, string Meaning)> All { get; } =
    [
        (Failed, "calls", "calls that ended with a failure of the transport or the server"),
        (Refused, "calls", "calls that were refused without having been processed, seen by the caller"),
        (Unknown, "calls", "calls of which nobody knows whether they were processed"),
        (Lost, "calls", "failed, refused and unknown calls that may be made twice, together: what a caller saw go wrong although another attempt was allowed"),
        (Success, "ratio", "successful calls of all, 0 to 1 or percent"),
        (BrokenStreams, "streams", "long streams that ended before the load did"),
        (Recovery, "time", "from the end of the last fault to the first success after it, over each client and load the longest"),
        (Median, "time", "latency that half of the successful calls kept below"),
        (Slowest, "time", "latency that 99 of 100 successful calls kept below"),
        (MeanAgainstFirst, "ratio", "mean latency of the successful calls of each client but the first, by that of the first, the largest"),
        (AttemptsPerCall, "ratio", "attempts of all calls by their number"),
        (Handshakes, "connections", "connections that the clients opened after the warm-up"),
        (Ejection, "time", "from the end of a process to the last call that was sent to it, the longest"),
        (ExitTime, "time", "from SIGTERM to the end of a process, the longest"),
        (InFlightAtEnd, "calls", "calls that were under way on a host when it got SIGTERM, the fewest"),
        (OldCertificate, "time", "from a change of a certificate to the last handshake that still showed the one before, the longest"),
        (FreshHandshakes, "handshakes", "handshakes later than a second after a change that showed the new certificate"),
        (BadCertificates, "handshakes", "handshakes that showed the certificate of a pair that cannot be used"),
        (RefusedPairs, "refusals", "how often hosts and clients said that they refuse the pair in their files"),
        (OldAuthority, "peers", "hosts, over each transport, and clients that did not refuse a certificate of a removed authority in the end"),
        (MemoryPerConnection, "bytes", "what the hosts' resident memory grew by while the clients connected, for each connection"),
        (WarmAgain, "time", "from the end of the last fault until each client had as many connections again as it keeps, at most the rest of the load"),
        (SlowestRefusal, "time", "time after which 99 of 100 refused calls had been refused"),
        (Replayed, "executions", "executions of a call beyond the attempts that its client made"),
        (StatelessResets, "connections", "connections that ended because a host, started anew, said that it did not know them"),
        (ResetTime, "time", "from the moment when a host serves again to the last stateless reset that it was the cause of"),
        (RevokedCut, "time", "from the revocation of a client's certificate to the last call that it still got an answer to"),
        (LostElsewhere, "calls", "failed, refused and unknown calls of clients that no fault was meant for"),
        (Amplification, "ratio", "bytes that a host sent to an address which had proved nothing, for each byte that had come from there"),
        (LargestReply, "ratio", "the largest answer to a datagram without sense, by the size of that datagram"),
        (Retries, "packets", "Retry packets that hosts answered half-open handshakes with"),
        (ResetsTaken, "streams", "requests that were begun and reset before the host closed the connection for it, the most"),
        (Memory, "bytes", "growth of a host's resident memory during the load, the largest"),
    ];

    internal static bool IsTime(string name) => All.Any(f => f.Name == name && f.Unit == "time");

    internal static bool IsSize(string name) => All.Any(f => f.Name == name && f.Unit == "bytes");

    internal static bool Exists(string name) => All.Any(f => f.Name == name);
}
