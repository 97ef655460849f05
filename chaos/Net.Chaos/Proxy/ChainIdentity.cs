namespace Net.Chaos.Proxy;

/// <summary>What the random choices of one connection or session are made from.</summary>
/// <param name="Seed">The seed of the run.</param>
/// <param name="Proxy">The proxy's name.</param>
/// <param name="Session">The number of the connection or session in its proxy, from 0.</param>
internal readonly record struct ChainIdentity(ulong Seed, string Proxy, long Session);
