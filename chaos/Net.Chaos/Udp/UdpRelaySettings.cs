namespace Net.Chaos.Udp;

/// <summary>What a relay is told.</summary>
/// <param name="Proxy">The proxy's name.</param>
/// <param name="Seed">The seed of the run.</param>
/// <param name="MaxSessions">Client addresses at a time.</param>
/// <param name="IdleTimeout">How long one may be silent.</param>
/// <param name="MaxHeldBytes">Bytes that toxics may hold.</param>
internal sealed record UdpRelaySettings(string Proxy, ulong Seed, int MaxSessions, TimeSpan IdleTimeout, long MaxHeldBytes);
