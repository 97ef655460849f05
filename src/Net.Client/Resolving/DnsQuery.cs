namespace Net.Client;

/// <summary>Asks for the addresses of a name.</summary>
/// <param name="host">The name.</param>
/// <param name="cancellationToken">Set when the query takes too long or the channel closes.</param>
/// <returns>What was found. Any exception, and an answer without addresses, is a failed query.</returns>
public delegate ValueTask<DnsAnswer> DnsQuery(string host, CancellationToken cancellationToken);
