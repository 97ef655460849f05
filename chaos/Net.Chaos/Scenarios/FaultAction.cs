using System.Text.Json.Nodes;

namespace Net.Chaos.Scenarios;

/// <summary>What happens.</summary>
internal abstract record FaultAction
{
    /// <summary>The word of the file.</summary>
    internal abstract string Word { get; }

    /// <summary>What it happens to, for people.</summary>
    internal abstract string Target { get; }
}

/// <summary>Something happens to processes.</summary>
/// <param name="Deed">What.</param>
/// <param name="Hosts">To which, taken in turn when it happens again and <paramref name="InTurn"/> says so.</param>
/// <param name="InTurn">Whether each time another of them is meant.</param>
/// <param name="StartAfter">When a process that was ended is started again; <c>null</c>: not by this.</param>
internal sealed record ProcessFault(ProcessDeed Deed, IReadOnlyList<string> Hosts, bool InTurn, TimeSpan? StartAfter) : FaultAction
{
    internal override string Word => Deed.ToString().ToLowerInvariant();

    internal override string Target => string.Join(InTurn ? ", then " : ", ", Hosts);
}

/// <summary>A toxic acts on links.</summary>
/// <param name="Type">The toxic.</param>
/// <param name="Links">Links, client and host with a dash between.</param>
/// <param name="Direction">Which way.</param>
/// <param name="Toxicity">Part of the connections, 0 to 1.</param>
/// <param name="Attributes">The toxic's.</param>
internal sealed record ToxicFault(string Type, IReadOnlyList<string> Links, LinkDirection Direction, float Toxicity, JsonObject Attributes) : FaultAction
{
    internal override string Word => "toxic " + Type;

    internal override string Target => string.Join(", ", Links);
}

/// <summary>Groups cannot reach each other.</summary>
/// <param name="Groups">Names of hosts and clients; who is in none reaches everybody.</param>
/// <param name="Direction">Which way is cut.</param>
internal sealed record PartitionFault(IReadOnlyList<IReadOnlyList<string>> Groups, LinkDirection Direction) : FaultAction
{
    internal override string Word => "partition";

    internal override string Target => string.Join(" | ", Groups.Select(static g => string.Join(", ", g)));

    /// <summary>Whether two names are in different groups.</summary>
    internal bool Separates(string one, string other)
    {
        IReadOnlyList<string>? first = Groups.FirstOrDefault(g => g.Contains(one));
        IReadOnlyList<string>? second = Groups.FirstOrDefault(g => g.Contains(other));
        return first is not null && second is not null && !ReferenceEquals(first, second);
    }
}

/// <summary>Certificates change.</summary>
/// <param name="Change">How.</param>
/// <param name="Names">On which hosts and clients.</param>
/// <param name="Pair">What is wrong with the pairs, where they are bad ones.</param>
internal sealed record CertificateFault(CertificateChange Change, IReadOnlyList<string> Names, BadPair Pair = BadPair.Mismatched) : FaultAction
{
    internal override string Word => "certificates " + Change switch
    {
        CertificateChange.AddAuthority => "add-authority",
        CertificateChange.RemoveAuthority => "remove-authority",
        CertificateChange.Break => "break " + Pair.ToString().ToLowerInvariant(),
        CertificateChange.Revoke => "revoke",
        _ => "rotate",
    };

    internal override string Target => string.Join(", ", Names);
}

/// <summary>A host's disk has no room.</summary>
/// <param name="Hosts">Which.</param>
internal sealed record DiskFault(IReadOnlyList<string> Hosts) : FaultAction
{
    internal override string Word => "fill-disk";

    internal override string Target => string.Join(", ", Hosts);
}

/// <summary>Somebody sends hosts what they must withstand, past the proxies.</summary>
/// <param name="Kind">What.</param>
/// <param name="Hosts">Which hosts.</param>
/// <param name="Count">How many datagrams, handshakes or requests for each host.</param>
internal sealed record AttackFault(AttackKind Kind, IReadOnlyList<string> Hosts, int Count) : FaultAction
{
    internal override string Word => "attack " + Kind switch
    {
        AttackKind.HalfOpen => "half-open",
        AttackKind.RapidReset => "rapid-reset",
        _ => "garbage",
    };

    internal override string Target => string.Join(", ", Hosts);
}

/// <summary>The clients' connections move to new local addresses.</summary>
/// <param name="Clients">Whose.</param>
internal sealed record MigrateFault(IReadOnlyList<string> Clients) : FaultAction
{
    internal override string Word => "migrate";

    internal override string Target => string.Join(", ", Clients);
}

/// <summary>What happens to a process.</summary>
internal enum ProcessDeed
{
    /// <summary>SIGKILL.</summary>
    Kill,

    /// <summary>SIGTERM: it drains and ends.</summary>
    Terminate,

    /// <summary>SIGSTOP for a time, then SIGCONT.</summary>
    Freeze,

    /// <summary>It is started again.</summary>
    Start,
}

/// <summary>Which way a fault of the network acts.</summary>
internal enum LinkDirection
{
    /// <summary>Both ways.</summary>
    Both,

    /// <summary>From client to host.</summary>
    Upstream,

    /// <summary>From host to client.</summary>
    Downstream,
}

/// <summary>How certificates change.</summary>
internal enum CertificateChange
{
    /// <summary>A new certificate and key of the newest authority.</summary>
    Rotate,

    /// <summary>A pair that cannot be used, which must be refused.</summary>
    Break,

    /// <summary>Everybody trusts another authority besides, and it signs what is issued from then on.</summary>
    AddAuthority,

    /// <summary>A client's certificate is revoked; in the end it gets another one.</summary>
    Revoke,

    /// <summary>Nobody trusts the oldest authority any more.</summary>
    RemoveAuthority,
}

/// <summary>What is wrong with a certificate and its key.</summary>
internal enum BadPair
{
    /// <summary>The key belongs to another certificate.</summary>
    Mismatched,

    /// <summary>The certificate's file ends in its middle.</summary>
    Truncated,

    /// <summary>The certificate has ended.</summary>
    Expired,
}

/// <summary>What an attacker sends.</summary>
internal enum AttackKind
{
    /// <summary>Datagrams without sense, empty ones, unknown versions and unknown connections.</summary>
    Garbage,

    /// <summary>The beginnings of handshakes that never go on.</summary>
    HalfOpen,

    /// <summary>HTTP/3 requests that are reset as soon as they are begun (CVE-2023-44487), by somebody with a good certificate.</summary>
    RapidReset,
}
