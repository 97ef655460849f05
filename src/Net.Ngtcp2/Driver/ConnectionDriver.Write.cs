using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Streams;
using Net.Ngtcp2.Udp;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

// Writing packets: as many as congestion control allows, gathered into batches of equal size for one call to the kernel.
internal sealed unsafe partial class ConnectionDriver
{
    private const int MaxVectors = 8;

    // What one call to the kernel takes.
    private const int MaxBatchBytes = UdpSocket.MaxBatchBytes;

    /// <summary>Writes what can be sent now.</summary>
    /// <returns>Whether there may be more to send at once, so that the connection should be asked again after the others.</returns>
    internal bool Write()
    {
        t_writer = this;
        try
        {
            return WriteBatches();
        }
        catch (Exception exception)
        {
            EndAfterFailure(exception);
            return false;
        }
        finally
        {
            t_writer = null;
        }
    }

    private bool WriteBatches()
    {
        ulong now = Advance();
        ForgetAborted(now);
        if (_placesToReturn)
        {
            ReturnPlaces();
        }

        OpenLocalStreams();
        Span<byte> buffer = _endpoint.SendBuffer;
        int largest = (int)ngtcp2_conn_get_max_tx_udp_payload_size(_native);
        int pathLargest = LimitPayload(now);
        if (_isNarrow)
        {
            largest = pathLargest;
        }

        int quantum = Math.Clamp((int)ngtcp2_conn_get_send_quantum(_native), pathLargest, MaxBatchBytes);
        ulong inFlight = _isPingDue ? BytesInFlight() : 0;
        var batch = new Batch();
        bool wrote = false;
        bool hasMore = false;
        while (true)
        {
            // The first packet of a batch may always be a probe of the path's size.
            int room = Math.Min(batch.Length == 0 || quantum - batch.Length >= largest ? largest : pathLargest, UnprovedAllowance - batch.Length);
            if (room <= 0)
            {
                Send(ref batch, buffer);
                break;
            }

            nint length;
            ngtcp2_path_storage storage;
            ngtcp2_path_storage_zero(&storage);
            ngtcp2_pkt_info info = default;
            fixed (byte* destination = buffer[batch.Length..])
            {
                length = WritePacket(&storage.path, &info, destination, (nuint)room, now);
            }

            if (length < 0)
            {
                Send(ref batch, buffer);
                EndAfterWriteError((int)length);
                return false;
            }

            if (length == 0)
            {
                Send(ref batch, buffer);
                break;
            }

            wrote = true;
            if (!AddToBatch(ref batch, buffer, &storage.path, info.ecn, (int)length, pathLargest))
            {
                hasMore = true;
                break;
            }

            if (quantum - batch.Length < pathLargest || length < batch.SegmentSize)
            {
                Send(ref batch, buffer);
                hasMore = true;
                break;
            }
        }

        if (wrote && _isPingDue && BytesInFlight() > inFlight)
        {
            // Something is out that the peer must acknowledge; left as it is, the shortest keep-alive time would send a PING with every packet.
            // A packet of acknowledgements alone takes the PING's place without asking for an answer: then it is still due.
            _isPingDue = false;
            ngtcp2_conn_set_keep_alive_timeout(_native, ToNanoseconds(_options.KeepAliveInterval));
        }

        ngtcp2_conn_update_pkt_tx_time(_native, now);
        if (_keyUpdates.Count > 0 && IsConfirmed)
        {
            BeginKeyUpdate(now);
        }

        UpdateTimer();
        PublishStatistics();
        if (_earlyKeyEvent || _pathFailed)
        {
            // A client's first packet makes the keys for early data, and a path that does not answer is given up while writing:
            // what was recorded then must not wait for the next packet of the peer's.
            HandleRecordedEvents();
        }

        return wrote && hasMore && !IsEnded;
    }

    // Puts one packet behind the others of the batch when it may share their system call; else sends both and ends the batch.
    private bool AddToBatch(ref Batch batch, Span<byte> buffer, ngtcp2_path* path, byte ecn, int length, int pathLargest)
    {
        SocketAddressBuffer local = SocketAddresses.Read(path->local);
        SocketAddressBuffer remote = SocketAddresses.Read(path->remote);
        int socket = SocketAddresses.SocketOf(*path);
        _packetsSent += CoalescedPackets.Count(buffer.Slice(batch.Length, length));
        if (batch.Length == 0)
        {
            batch = new Batch { Local = local, Remote = remote, Socket = socket, Ecn = ecn, SegmentSize = length, Length = length, Count = 1 };
            return true;
        }

        bool isProbe = batch.SegmentSize > pathLargest && length != batch.SegmentSize;
        if (batch.Ecn == ecn && batch.Socket == socket && length <= batch.SegmentSize && !isProbe && batch.Local == local && batch.Remote == remote)
        {
            batch.Length += length;
            batch.Count++;
            return true;
        }

        int start = batch.Length;
        Send(ref batch, buffer);
        var single = new Batch { Local = local, Remote = remote, Socket = socket, Ecn = ecn, SegmentSize = length, Length = length, Count = 1 };
        Send(ref single, buffer[start..]);
        return false;
    }

    private void Send(ref Batch batch, ReadOnlySpan<byte> buffer)
    {
        if (batch.Length > 0)
        {
            NoteSent(batch.Remote, batch.Length, batch.Count);
            _host.Send(batch.Socket, batch.Local, batch.Remote, batch.Ecn, buffer[..batch.Length], batch.SegmentSize);
            batch = default;
        }
    }

    // Writes one packet, filled from the datagram queue and then from the streams in line.
    private nint WritePacket(ngtcp2_path* path, ngtcp2_pkt_info* info, byte* destination, nuint room, ulong now)
    {
        nint length;
        if (_mustSettle)
        {
            // See PostponeAborts: without stream data the handshake is left behind first.
            length = WriteControl(path, info, destination, room, now);
            _mustSettle = !_isPastHandshake && !IsConfirmed;
            if (length != 0)
            {
                return length;
            }
        }

        if (_escape != Escape.None)
        {
            return WriteControl(path, info, destination, room, now);
        }

        length = WriteDatagrams(path, info, destination, room, now);
        if (length != NGTCP2_ERR_WRITE_MORE)
        {
            return length;
        }

        ngtcp2_vec* vectors = stackalloc ngtcp2_vec[MaxVectors];
        while (_line.Dequeue() is { } stream)
        {
            if (!stream.BeginSend())
            {
                continue;
            }

            int count = stream.Fill(vectors, MaxVectors, out bool fin);
            nint taken = -1;
            uint flags = NGTCP2_WRITE_STREAM_FLAG_MORE | (fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0);
            length = ngtcp2_conn_writev_stream(_native, path, info, destination, room, &taken, flags, stream.Id, vectors, (nuint)count, now);
            if (taken >= 0)
            {
                stream.NoteSent(taken, fin);
            }

            bool more = stream.HasMoreToSend;
            stream.EndSend();
            if (stream.HasSentEnough)
            {
                NeedsFree(stream);
            }

            switch (length)
            {
                case NGTCP2_ERR_WRITE_MORE:
                    if (more)
                    {
                        // Only a full packet leaves bytes behind, but the vectors may have been too few to fill it.
                        _line.PutBack(stream);
                    }

                    continue;
                case NGTCP2_ERR_STREAM_DATA_BLOCKED:
                    BlockStream(stream);
                    continue;
                case NGTCP2_ERR_STREAM_SHUT_WR or NGTCP2_ERR_STREAM_NOT_FOUND:
                    stream.ShutSend();
                    continue;
            }

            if (more && length >= 0)
            {
                Requeue(stream, taken >= 0);
            }

            return length;
        }

        // Nothing more for this packet: finish it, or write acknowledgements and the like alone.
        return WriteControl(path, info, destination, room, now);
    }

    private nint WriteControl(ngtcp2_path* path, ngtcp2_pkt_info* info, byte* destination, nuint room, ulong now) =>
        ngtcp2_conn_writev_stream(_native, path, info, destination, room, null, NGTCP2_WRITE_STREAM_FLAG_NONE, -1, null, 0, now);

    private void BlockStream(Ngtcp2Stream stream)
    {
        if (ngtcp2_conn_get_max_data_left(_native) == 0)
        {
            // The whole connection waits for credit. The stream keeps its place; what comes next from the peer makes the connection dirty again.
            stream.IsConnectionBlocked = true;
            _connectionBlocked.Add(stream);
            return;
        }

        stream.IsFlowBlocked = true;
    }

    private readonly List<Ngtcp2Stream> _connectionBlocked = [];

    private void UnblockConnection()
    {
        if (_connectionBlocked.Count > 0 && ngtcp2_conn_get_max_data_left(_native) > 0)
        {
            foreach (Ngtcp2Stream stream in _connectionBlocked)
            {
                stream.IsConnectionBlocked = false;
                _line.Enqueue(stream);
            }

            _connectionBlocked.Clear();
        }
    }

    private void Requeue(Ngtcp2Stream stream, bool hadItsTurn)
    {
        if (hadItsTurn && stream.IsIncremental)
        {
            _line.Enqueue(stream);
        }
        else
        {
            _line.PutBack(stream);
        }
    }

    // NGTCP2_ERR_WRITE_MORE means: the packet is open, or not begun, and more may go in.
    private nint WriteDatagrams(ngtcp2_path* path, ngtcp2_pkt_info* info, byte* destination, nuint room, ulong now)
    {
        while (IsHandshakeCompleted && _connection.TryPeekDatagram(out ReadOnlyMemory<byte> payload))
        {
            int accepted = 0;
            nint length;
            fixed (byte* bytes = payload.Span)
            {
                ngtcp2_vec vector;
                vector.@base = bytes;
                vector.len = (nuint)payload.Length;
                length = ngtcp2_conn_writev_datagram(_native, path, info, destination, room, &accepted, NGTCP2_WRITE_DATAGRAM_FLAG_MORE, ++_datagramNumber, &vector, 1, now);
            }

            if (accepted != 0 || length is NGTCP2_ERR_INVALID_ARGUMENT or NGTCP2_ERR_INVALID_STATE)
            {
                _connection.DropDatagram();
            }
            else if (length == 0 && payload.Length > LargestDatagram)
            {
                // The path has become smaller since the datagram was queued: it can never be sent.
                _connection.DropDatagram();
                continue;
            }

            if (length is NGTCP2_ERR_INVALID_ARGUMENT or NGTCP2_ERR_INVALID_STATE)
            {
                continue;
            }

            if (length != NGTCP2_ERR_WRITE_MORE)
            {
                return length;
            }
        }

        return NGTCP2_ERR_WRITE_MORE;
    }

    private ulong _datagramNumber;

    private struct Batch
    {
        internal SocketAddressBuffer Local;
        internal SocketAddressBuffer Remote;
        internal int Socket;
        internal byte Ecn;
        internal int SegmentSize;
        internal int Length;
        internal int Count;
    }
}
