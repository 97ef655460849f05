using Net.Hosting.Serving;

namespace Net.Hosting.Pages;

/// <summary>What <c>GET /</c> tells, as data. Times are in the unit that the name says.</summary>
internal sealed record StatusReport
{
    public required string Version { get; init; }

    public required string Runtime { get; init; }

    /// <summary><c>serving</c> or <c>draining</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The QUIC engine with its version; absent when none runs.</summary>
    public string? Engine { get; init; }

    /// <summary>Why there is no QUIC engine and how to get one.</summary>
    public string? MissingEngine { get; init; }

    public required IReadOnlyList<ServedPort> Ports { get; init; }

    public required IReadOnlyList<string> RawStreams { get; init; }

    /// <summary>gRPC methods by service.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Services { get; init; }

    public required ServedCertificate Certificate { get; init; }

    /// <summary><c>none</c>, <c>optional</c> or <c>required</c>.</summary>
    public required string ClientCertificates { get; init; }

    public required int CallsInFlight { get; init; }

    public required int StreamsInFlight { get; init; }

    public required ActivityTotals Totals { get; init; }

    public required int ConnectionCount { get; init; }

    /// <summary>QUIC connections, the first <see cref="StatusReportBuilder.MaxConnectionsShown"/> by id.</summary>
    public required IReadOnlyList<ServedConnection> Connections { get; init; }

    /// <summary>How the reader came here.</summary>
    public required string You { get; init; }

    /// <summary>Commands that call this server.</summary>
    public required IReadOnlyList<string> Examples { get; init; }
}

/// <summary>One port of a <see cref="StatusReport"/>.</summary>
/// <param name="Transport"><c>UDP</c> or <c>TCP</c>.</param>
/// <param name="Address">Address and port.</param>
/// <param name="Protocols">By their ALPN names.</param>
internal sealed record ServedPort(string Transport, string Address, IReadOnlyList<string> Protocols);

/// <summary>The certificate of a <see cref="StatusReport"/>.</summary>
internal sealed record ServedCertificate(string Subject, IReadOnlyList<string> Names, DateTimeOffset NotAfter, int DaysLeft, string Sha256);

/// <summary>One QUIC connection of a <see cref="StatusReport"/>. What the engine does not measure is absent.</summary>
internal sealed record ServedConnection
{
    public required long Id { get; init; }

    public required string Protocol { get; init; }

    /// <summary>The peer; absent when the reader is neither on this machine nor known by a certificate, as other people's addresses are none of theirs.</summary>
    public string? Peer { get; init; }

    public string? PeerCertificate { get; init; }

    public double? RttMilliseconds { get; init; }

    public double? MinRttMilliseconds { get; init; }

    public long? BytesReceived { get; init; }

    public long? BytesSent { get; init; }

    public long? PacketsLost { get; init; }
}
