using System.Net;

namespace Net.Client;

/// <summary>What a DNS query found.</summary>
/// <param name="Addresses">The addresses, in any order.</param>
/// <param name="TimeToLive">How long they hold; <c>null</c>: not told, as by the system's resolver.</param>
public sealed record DnsAnswer(IReadOnlyList<IPAddress> Addresses, TimeSpan? TimeToLive = null);
