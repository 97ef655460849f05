namespace Net.Ngtcp2.Driver;

/// <summary>Figures of a path as the driver publishes them, in nanoseconds and bytes.</summary>
internal struct PathFigures
{
    internal ulong LatestRtt;
    internal ulong MinRtt;
    internal ulong SmoothedRtt;
    internal ulong RttVariance;
    internal ulong CongestionWindow;
    internal ulong BytesInFlight;
    internal long BytesSent;
    internal long BytesReceived;
    internal long DatagramsSent;
    internal long DatagramsReceived;
    internal long PacketsSent;
    internal long PacketsReceived;
    internal long PacketsLost;
    internal long MarksReceived;
    internal int ProbeTimeouts;
    internal int MaxUdpPayload;
    internal int LargestDatagram;

    /// <summary>The figures in the contract's form.</summary>
    internal readonly PathStatistics ToStatistics() => new()
    {
        // Before the first sample the library holds its initial guess for the smoothed value and none for the smallest.
        SmoothedRtt = MinRtt == ulong.MaxValue ? null : ToTime(SmoothedRtt),
        LatestRtt = MinRtt == ulong.MaxValue ? null : ToTime(LatestRtt),
        MinRtt = MinRtt == ulong.MaxValue ? null : ToTime(MinRtt),
        RttVariance = MinRtt == ulong.MaxValue ? null : ToTime(RttVariance),
        CongestionWindow = (long)CongestionWindow,
        BytesInFlight = (long)BytesInFlight,
        BytesSent = BytesSent,
        BytesReceived = BytesReceived,
        DatagramsSent = DatagramsSent,
        DatagramsReceived = DatagramsReceived,
        PacketsSent = PacketsSent,
        PacketsReceived = PacketsReceived,
        PacketsLost = PacketsLost,
        ProbeTimeouts = ProbeTimeouts,
        MaxUdpPayload = MaxUdpPayload,
        CongestionMarksReceived = MarksReceived,
    };

    private static TimeSpan ToTime(ulong nanoseconds) => TimeSpan.FromTicks((long)(nanoseconds / 100));
}
