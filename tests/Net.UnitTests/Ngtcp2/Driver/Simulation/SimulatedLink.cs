namespace Net.UnitTests.Ngtcp2.Driver.Simulation;

/// <summary>One direction between two hosts: how long a datagram takes, and what may happen to it. All chance comes from the network's seed.</summary>
internal sealed class SimulatedLink(SimulatedNetwork network)
{
    private const byte CongestionExperienced = 3;
    private ulong _freeAt;
    private ulong _lastArrival;
    private int _lostInARow;

    /// <summary>Time on the way.</summary>
    internal TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Up to so much is added to the latency; the order stays.</summary>
    internal TimeSpan Jitter { get; set; }

    /// <summary>Share of the datagrams that vanish, 0 to 1.</summary>
    internal double Loss { get; set; }

    /// <summary>How many datagrams in a row <see cref="Loss"/> may take: with a limit, whoever sends often enough gets through for certain, not only most likely.</summary>
    internal int LongestLoss { get; set; } = int.MaxValue;

    /// <summary>Share of the datagrams that are held back so that later ones overtake them.</summary>
    internal double Reorder { get; set; }

    /// <summary>How long a reordered datagram is held back at most.</summary>
    internal TimeSpan ReorderDelay { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Share of the datagrams that arrive twice.</summary>
    internal double Duplicate { get; set; }

    /// <summary>Share of the datagrams in which some bits flip.</summary>
    internal double Corrupt { get; set; }

    /// <summary>Largest IP packet that passes; larger ones vanish without a word.</summary>
    internal int Mtu { get; set; } = 65_535;

    /// <summary>Rate in bits per second of IP packets; 0 means no limit.</summary>
    internal long BitsPerSecond { get; set; }

    /// <summary>What may wait in front of the link; what is more is dropped.</summary>
    internal int QueueBytes { get; set; } = 256 << 10;

    /// <summary>From so many waiting bytes on, ECN-capable datagrams are marked; <see cref="int.MaxValue"/> means never.</summary>
    internal int MarkAboveBytes { get; set; } = int.MaxValue;

    /// <summary>Share of the ECN-capable datagrams that are marked.</summary>
    internal double Mark { get; set; }

    /// <summary>Whether ECN marks are wiped off.</summary>
    internal bool BleachesEcn { get; set; }

    /// <summary>Whether anything passes at all.</summary>
    internal bool IsUp { get; set; } = true;

    /// <summary>Lets a test drop chosen datagrams: those for which it answers <c>false</c>.</summary>
    internal Func<SimulatedDatagram, bool>? Filter { get; set; }

    /// <summary>Datagrams that came in.</summary>
    internal long Sent { get; private set; }

    /// <summary>Bytes of payload that came in.</summary>
    internal long SentBytes { get; private set; }

    /// <summary>Datagrams that did not get through, whatever the reason.</summary>
    internal long Dropped { get; private set; }

    /// <summary>Datagrams that were too large.</summary>
    internal long TooLarge { get; private set; }

    /// <summary>Datagrams that were marked.</summary>
    internal long Marked { get; private set; }

    /// <summary>Largest payload that came in.</summary>
    internal int LargestPayload { get; set; }

    /// <summary>Takes a datagram and schedules what arrives of it.</summary>
    internal void Transmit(SimulatedDatagram datagram)
    {
        Sent++;
        SentBytes += datagram.Data.Length;
        LargestPayload = Math.Max(LargestPayload, datagram.Data.Length);
        if (!Passes(datagram))
        {
            Dropped++;
            return;
        }

        ulong leaves = network.Now;
        byte ecn = datagram.Ecn;
        if (BitsPerSecond > 0 && !TryQueue(datagram, ref ecn, out leaves))
        {
            Dropped++;
            return;
        }

        if (Chance(Mark))
        {
            ecn = MarkCongestion(ecn);
        }

        byte received = BleachesEcn ? (byte)0 : ecn;
        Schedule(datagram, leaves, received);
        if (Chance(Duplicate))
        {
            Schedule(datagram, leaves, received);
        }
    }

    private bool Passes(SimulatedDatagram datagram)
    {
        if (!IsUp || Filter?.Invoke(datagram) == false || IsLost())
        {
            return false;
        }

        if (datagram.PacketLength > Mtu)
        {
            TooLarge++;
            return false;
        }

        return true;
    }

    private bool IsLost()
    {
        _lostInARow = Chance(Loss) && _lostInARow < LongestLoss ? _lostInARow + 1 : 0;
        return _lostInARow > 0;
    }

    private bool TryQueue(SimulatedDatagram datagram, ref byte ecn, out ulong leaves)
    {
        ulong now = network.Now;
        double waiting = _freeAt > now ? (_freeAt - now) * (BitsPerSecond / 8e9) : 0;
        leaves = Math.Max(now, _freeAt) + (ulong)(datagram.PacketLength * 8e9 / BitsPerSecond);
        if (waiting + datagram.PacketLength > QueueBytes)
        {
            return false;
        }

        if (waiting >= MarkAboveBytes)
        {
            ecn = MarkCongestion(ecn);
        }

        _freeAt = leaves;
        return true;
    }

    private byte MarkCongestion(byte ecn)
    {
        // Only packets that say they understand marks may be marked (RFC 3168, section 5).
        if (ecn is not (1 or 2))
        {
            return ecn;
        }

        Marked++;
        return CongestionExperienced;
    }

    private void Schedule(SimulatedDatagram datagram, ulong leaves, byte ecn)
    {
        ulong arrival = leaves + SimulatedNetwork.ToNanoseconds(Latency) + Part(Jitter);
        if (Chance(Reorder))
        {
            arrival += Part(ReorderDelay);
        }
        else
        {
            arrival = Math.Max(arrival, _lastArrival);
            _lastArrival = arrival;
        }

        byte[] data = datagram.Data;
        if (Chance(Corrupt))
        {
            data = [.. data];
            int flips = network.Random.Next(1, 9);
            for (int i = 0; i < flips; i++)
            {
                data[network.Random.Next(data.Length)] ^= (byte)(1 << network.Random.Next(8));
            }
        }

        network.ScheduleArrival(arrival, datagram, data, ecn);
    }

    // A share of zero draws nothing, so that switching one fault on does not change what the others do.
    private bool Chance(double share) => share > 0 && network.Random.NextDouble() < share;

    private ulong Part(TimeSpan time) => time == TimeSpan.Zero ? 0 : (ulong)(network.Random.NextDouble() * SimulatedNetwork.ToNanoseconds(time));
}
