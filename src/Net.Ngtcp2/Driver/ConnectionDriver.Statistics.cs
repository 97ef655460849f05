using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Udp;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

// Figures of the path. The library knows the round-trip times and the congestion state; datagrams, packets, bytes and losses are counted here.
internal sealed unsafe partial class ConnectionDriver
{
    private const byte CongestionExperienced = 3;
    private long _bytesSent;
    private long _bytesReceived;
    private long _datagramsSent;
    private long _datagramsReceived;
    private long _packetsSent;
    private long _packetsReceived;
    private long _marksReceived;
    private int _probeTimeouts;
    private ulong _lastReceived;
    private ulong _flightBegan;
    private ulong _bytesInFlight;
    private ulong _smoothedRtt;
    private SocketAddressBuffer _unprovedRemote;
    private long _unprovedReceived;
    private long _unprovedSent;
    private BlackHoleGuard _blackHole;
    private bool _isNarrow;
    private int _pathPayload;
    private bool _acknowledged;

    /// <summary>The largest payload of a DATAGRAM frame that fits one packet of the path.</summary>
    internal int LargestDatagram { get; private set; }

    /// <summary>How many bytes the peer still takes on all streams together.</summary>
    internal ulong ConnectionCreditLeft => ngtcp2_conn_get_max_data_left(_native);

    /// <summary>The largest payload that is sent on the path now.</summary>
    private int PathPayload => _isNarrow ? NGTCP2_MAX_UDP_PAYLOAD_SIZE : (int)ngtcp2_conn_get_path_max_tx_udp_payload_size(_native);

    private int LimitPayload(ulong now)
    {
        if (_acknowledged || _bytesInFlight == 0)
        {
            _acknowledged = false;
            _blackHole.NoteProgress(now);
        }

        int payload = (int)ngtcp2_conn_get_path_max_tx_udp_payload_size(_native);
        _pathPayload = payload;
        int limit = _blackHole.Limit(now, payload, ngtcp2_conn_get_pto(_native));
        _isNarrow = limit < payload;
        return limit;
    }

    /// <summary>
    /// What may still be sent to an address that a peer has moved to and that has not answered its challenge yet: three times what came from it (RFC 9000, sections 8.1 and 9.3.1).
    /// The library keeps to it for the challenge and for everything else apart, which makes six.
    /// </summary>
    private int UnprovedAllowance =>
        IsServer && IsHandshakeCompleted && RemoteAddress != _told.Remote ? (int)Math.Clamp((3 * _unprovedReceived) - _unprovedSent, 0, int.MaxValue) : int.MaxValue;

    // Called for what comes from the peer's present address only: anybody may send from any other.
    private void NoteUnproved(in SocketAddressBuffer remote, int bytes)
    {
        if (remote == _told.Remote)
        {
            return;
        }

        if (remote != _unprovedRemote)
        {
            _unprovedRemote = remote;
            _unprovedReceived = 0;
            _unprovedSent = 0;
        }

        _unprovedReceived += bytes;
    }

    // Acknowledgements of packets behind a gap are progress too, though no stream's acknowledged part grows meanwhile.
    private bool HasFlightShrunk()
    {
        ngtcp2_conn_info info;
        ngtcp2_conn_get_conn_info(_native, &info);
        bool hasShrunk = info.bytes_in_flight < _bytesInFlight;
        _bytesInFlight = info.bytes_in_flight;
        return hasShrunk;
    }

    private void NoteReceived(ReadOnlySpan<byte> datagram, byte ecn, ulong now)
    {
        _bytesReceived += datagram.Length;
        _datagramsReceived++;
        _packetsReceived += CoalescedPackets.Count(datagram);
        _probeTimeouts = 0;
        _lastReceived = now;
        if (ecn == CongestionExperienced)
        {
            _marksReceived++;
        }
    }

    private void NoteSent(in SocketAddressBuffer remote, int bytes, int count)
    {
        _unprovedSent += remote != _told.Remote ? bytes : 0;
        _bytesSent += bytes;
        _datagramsSent += count;
    }

    // A wake-up with something in flight and nothing heard for a probe timeout is taken for one: the library does not tell them apart from pacing.
    // A peer that was asked nothing before is silent only since something is in flight.
    private void NoteExpiry(ulong now)
    {
        ngtcp2_conn_info info;
        ngtcp2_conn_get_conn_info(_native, &info);
        ulong pto = ngtcp2_conn_get_pto(_native);
        if (info.bytes_in_flight > 0 && now - Math.Max(_lastReceived, _flightBegan) >= pto << Math.Min(_probeTimeouts, 16))
        {
            _probeTimeouts++;
        }
    }

    private ulong BytesInFlight()
    {
        ngtcp2_conn_info info;
        ngtcp2_conn_get_conn_info(_native, &info);
        return info.bytes_in_flight;
    }

    private void PublishStatistics()
    {
        if (_native == null)
        {
            return;
        }

        ngtcp2_conn_info info;
        ngtcp2_conn_get_conn_info(_native, &info);
        if (_bytesInFlight == 0 && info.bytes_in_flight > 0)
        {
            _flightBegan = _host.Now;
        }

        _bytesInFlight = info.bytes_in_flight;
        _smoothedRtt = info.smoothed_rtt;
        SettleFins(info.bytes_in_flight);
        int payload = PathPayload;
        LargestDatagram = DatagramRoom(payload);
        _connection.PublishStatistics(new PathFigures
        {
            LatestRtt = info.latest_rtt,
            MinRtt = info.min_rtt,
            SmoothedRtt = info.smoothed_rtt,
            RttVariance = info.rttvar,
            CongestionWindow = info.cwnd,
            BytesInFlight = info.bytes_in_flight,
            BytesSent = _bytesSent,
            BytesReceived = _bytesReceived,
            DatagramsSent = _datagramsSent,
            DatagramsReceived = _datagramsReceived,
            PacketsSent = _packetsSent,
            PacketsReceived = _packetsReceived,
            PacketsLost = _sent.Lost,
            MarksReceived = _marksReceived,
            ProbeTimeouts = _probeTimeouts,
            MaxUdpPayload = payload,
            LargestDatagram = LargestDatagram,
        });
    }

    // Short header with the longest connection id and packet number, frame type and length, AEAD tag (RFC 9000, section 17.3.1; RFC 9221, section 4).
    private int DatagramRoom(int payload)
    {
        const int PacketOverhead = 1 + 20 + 4 + 16;
        const int FrameOverhead = 3;
        ngtcp2_transport_params* peer = IsHandshakeCompleted ? ngtcp2_conn_get_remote_transport_params(_native) : null;
        if (peer == null || peer->max_datagram_frame_size <= FrameOverhead)
        {
            return 0;
        }

        return (int)Math.Min(peer->max_datagram_frame_size - FrameOverhead, (ulong)(payload - PacketOverhead - FrameOverhead));
    }
}
