using Net.Chaos.Quic;
using Net.Chaos.Tcp;
using Net.Chaos.Udp;

namespace Net.Chaos.Proxy;

/// <summary>All kinds of toxics. A new one is a file of its own and a line here.</summary>
internal static class ToxicTypes
{
    internal static IReadOnlyList<ToxicType> All { get; } =
    [
        LatencyStage.Type,
        BandwidthStage.Type,
        SlowCloseStage.Type,
        TimeoutStage.Type,
        ResetPeerStage.Type,
        SlicerStage.Type,
        LimitDataStage.Type,
        LossStage.Type,
        PacketLatencyStage.Type,
        ReorderStage.Type,
        DuplicateStage.Type,
        CorruptStage.Type,
        PacketBandwidthStage.Type,
        MtuStage.Type,
        PartitionStage.Type,
        EcnStage.Type,
        NatRebindStage.Type,
        ReplayStage.Type,
        QuicDropStage.Type,
        QuicDelayStage.Type,
        QuicCutStage.Type,
        VersionNegotiationStage.Type,
        RetryStage.Type,
    ];

    /// <summary>Finds a type.</summary>
    /// <exception cref="ChaosException"><see cref="ChaosError.BadRequest"/>: there is none of that name for the protocol.</exception>
    internal static ToxicType Find(string name, ProxyProtocol protocol)
    {
        if (All.FirstOrDefault(t => t.Protocol == protocol && t.Name == name) is { } type)
        {
            return type;
        }

        // For TCP the message is toxiproxy's to the letter.
        throw ChaosException.InvalidToxicType(
            protocol == ProxyProtocol.Tcp ? "" : $": '{name}' is none of udp; there are {string.Join(", ", All.Where(t => t.Protocol == protocol).Select(static t => t.Name))}");
    }
}
