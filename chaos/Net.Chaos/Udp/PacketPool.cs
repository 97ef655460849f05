namespace Net.Chaos.Udp;

/// <summary>Keeps packets for another use, so that a toxic on a fast path makes no garbage. Belongs to one relay and its thread.</summary>
internal sealed class PacketPool
{
    private const int MaxKept = 4096;
    private readonly Stack<Packet> _kept = new();

    internal Packet Rent(ReadOnlySpan<byte> data, byte ecn)
    {
        Packet packet = _kept.TryPop(out Packet? kept) ? kept : new Packet();
        packet.Fill(data, ecn);
        return packet;
    }

    internal void Return(Packet packet)
    {
        packet.Empty();
        if (_kept.Count < MaxKept)
        {
            _kept.Push(packet);
        }
    }
}
