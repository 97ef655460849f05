namespace Net.Chaos.Quic;

/// <summary>Numbers the QUIC connections of a proxy, whatever client address they come from.</summary>
internal sealed class QuicConnectionNumbers
{
    private int _next;

    internal int Take() => _next++;
}
