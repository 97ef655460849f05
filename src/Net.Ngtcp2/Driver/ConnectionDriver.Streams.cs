using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Streams;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

// Streams: what the peer does with them, and what the application asks.
internal sealed unsafe partial class ConnectionDriver
{
    private RateWindow _resets;
    private List<(Ngtcp2Stream Stream, StreamWork Work)>? _postponed;
    private bool _isPastHandshake;
    private bool _mustSettle;
    private RateWindow _controlFrames;
    private RateWindow _idleDatagrams;
    private PeerPlaces _bidirectionalPlaces;
    private PeerPlaces _unidirectionalPlaces;

    internal int StreamCount => _streams.Count;

    /// <summary>Carries out what a stream's application side asked for.</summary>
    internal void HandleStreamWork(Ngtcp2Stream stream, StreamWork work)
    {
        if (IsEnded)
        {
            return;
        }

        try
        {
            CarryOut(stream, work);
        }
        catch (Exception exception)
        {
            EndAfterFailure(exception);
        }
    }

    private void CarryOut(Ngtcp2Stream stream, StreamWork work)
    {
        OpenLocalStreams();
        if ((work & StreamWork.Release) != 0)
        {
            stream.Release();
            ReturnPlace(stream);
            if (_placesToReturn)
            {
                // A stream that is over on the wire brings nothing else to send, and the peer may be waiting for just this place.
                MarkDirty();
            }
        }

        if (!stream.IsNative)
        {
            return;
        }

        work = PostponeAborts(stream, work);
        if ((work & StreamWork.Credit) != 0)
        {
            GiveStreamCredit(stream);
        }

        if ((work & StreamWork.Priority) != 0 && stream.IsInLine)
        {
            _line.Move(stream);
        }

        if ((work & StreamWork.AbortRead) != 0 && !stream.IsReceiveEnded)
        {
            _ = ngtcp2_conn_shutdown_stream_read(_native, 0, stream.Id, (ulong)stream.PendingAbortReadCode);
            WatchAborted(stream);
            stream.EndReceive(new TransportException(
                TransportError.StreamReset, $"Reading of stream {stream.Id} was aborted by this side with code 0x{stream.PendingAbortReadCode:x}.")
            {
                ApplicationErrorCode = stream.PendingAbortReadCode,
            });
        }

        if ((work & StreamWork.AbortWrite) != 0)
        {
            stream.ShutSend();
            _ = ngtcp2_conn_shutdown_stream_write(_native, 0, stream.Id, (ulong)stream.PendingAbortWriteCode);
        }
        else if ((work & StreamWork.Send) != 0 && !stream.IsFlowBlocked && !stream.IsConnectionBlocked)
        {
            _line.Enqueue(stream);
        }

        MarkDirty();
    }

    // libngtcp2 up to 1.11 forgets resets and stops that wait when a client writes stream data before it has left the handshake behind, or anything at all before the handshake is completed: it drops
    // every stream from its line that has no data to send again. The server would never hear of a stream whose first frames they were, and its place would be lost.
    private StreamWork PostponeAborts(Ngtcp2Stream stream, StreamWork work)
    {
        const StreamWork aborts = StreamWork.AbortRead | StreamWork.AbortWrite;
        if (IsServer || _isPastHandshake || (work & aborts) == 0)
        {
            return work;
        }

        if (IsHandshakeCompleted)
        {
            _mustSettle = true;
            return work;
        }

        if ((work & StreamWork.AbortWrite) != 0)
        {
            stream.ShutSend();
        }

        (_postponed ??= []).Add((stream, work & aborts));
        return work & ~(aborts | StreamWork.Send);
    }

    private void CarryOutPostponed()
    {
        List<(Ngtcp2Stream Stream, StreamWork Work)>? postponed = _postponed;
        _postponed = null;
        foreach ((Ngtcp2Stream stream, StreamWork work) in postponed ?? [])
        {
            CarryOut(stream, work);
        }
    }

    /// <summary>Gives connection credit for what the application consumed.</summary>
    internal void GiveConnectionCredit(long bytes)
    {
        if (!IsEnded)
        {
            ngtcp2_conn_extend_max_offset(_native, (ulong)bytes);
            MarkDirty();
        }
    }

    /// <summary>Makes the streams known to the native library that the application has opened, in the order of their ids.</summary>
    internal void OpenLocalStreams()
    {
        if (!_connection.HasStreamsToOpen)
        {
            return;
        }

        while (_connection.TryTakeStreamToOpen(out Ngtcp2Stream? stream))
        {
            long id;
            int result = stream.Direction == StreamDirection.Bidirectional
                ? ngtcp2_conn_open_bidi_stream(_native, &id, null)
                : ngtcp2_conn_open_uni_stream(_native, &id, null);
            if (result != 0 || id != stream.Id)
            {
                // Ids are given out in order under the peer's limit, so that this cannot happen; were it to, the stream must not hang.
                stream.Close(new TransportException(TransportError.ConnectionLost, $"Stream {stream.Id} could not be opened: {DescribeError(result)}."));
                continue;
            }

            stream.IsNative = true;
            _streams.Add(id, stream);
            if (!IsServer)
            {
                _silence.Begin(_host.Now);
            }
        }
    }

    private void GiveStreamCredit(Ngtcp2Stream stream)
    {
        long credit = stream.TakeStreamCredit();
        if (credit > 0 && !stream.IsReceiveEnded)
        {
            _ = ngtcp2_conn_extend_max_stream_offset(_native, stream.Id, (ulong)credit);
        }
    }

    private void ReceiveStreamData(long id, ReadOnlySpan<byte> data, bool fin, bool isEarly)
    {
        _progress = true;
        if (!IsServer)
        {
            _silence.NoteProgress(_host.Now);
        }

        if (!_streams.TryGetValue(id, out Ngtcp2Stream? stream))
        {
            // The stream is gone on our side: what still comes for it only uses up connection credit.
            _connection.ReturnCredit(data.Length);
            return;
        }

        stream.Receive(data, isEarly);
        if (fin)
        {
            stream.NoteFin();
        }

        if (!stream.NeedsReceiveFlush)
        {
            stream.NeedsReceiveFlush = true;
            _receiveFlushes.Add(stream);
            _endpoint.NeedsFlush(this);
        }
    }

    private void WatchAborted(Ngtcp2Stream stream)
    {
        stream.IsReadAborted = true;
        _readAborted.Add(stream);
        if (_readAbortedCheck == ulong.MaxValue)
        {
            _readAbortedCheck = _host.Now + AbortPatience;
        }
    }

    // libngtcp2 up to 1.11 drops what it holds behind a gap when reading is aborted, though that is acknowledged: a peer that had sent all before it heard of the abort sends nothing again,
    // and the library waits for the end of the stream for ever. The place must go back to the peer all the same; what the library keeps goes with the connection.
    private void ForgetAborted(ulong now)
    {
        if (now < _readAbortedCheck)
        {
            return;
        }

        _readAborted.RemoveAll(static s => s.IsClosed);
        for (int i = _readAborted.Count - 1; i >= 0; i--)
        {
            Ngtcp2Stream stream = _readAborted[i];
            if (stream.IsReleased && stream.IsSendOver)
            {
                _readAborted.RemoveAt(i);
                CloseStream(stream.Id);
            }
        }

        _readAbortedCheck = _readAborted.Count == 0 ? ulong.MaxValue : now + AbortPatience;
    }

    // Long enough for a reset that answers the abort, and for its repetition.
    private ulong AbortPatience => 6 * ngtcp2_conn_get_pto(_native);

    private void NoteAcknowledged(long id, long upTo, long newBytes)
    {
        if (!_streams.TryGetValue(id, out Ngtcp2Stream? stream))
        {
            return;
        }

        if (stream.NoteAcknowledged(upTo, newBytes))
        {
            NeedsFree(stream);
        }

        if (stream.IsFinInDoubt)
        {
            stream.FinDoubt = (ngtcp2_conn_get_stream_loss_count(_native, id), _host.Now);
            _finDoubts.Add(stream);
        }
    }

    private void NeedsFree(Ngtcp2Stream stream)
    {
        if (!stream.NeedsFree)
        {
            stream.NeedsFree = true;
            _frees.Add(stream);
            _endpoint.NeedsFlush(this);
        }
    }

    // With nothing in flight the FIN has arrived. Else a FIN that was still on its way would have been acknowledged, or declared lost, within a few probe timeouts.
    private void SettleFins(ulong bytesInFlight)
    {
        for (int i = _finDoubts.Count - 1; i >= 0; i--)
        {
            Ngtcp2Stream stream = _finDoubts[i];
            if (stream.IsFinInDoubt && bytesInFlight > 0)
            {
                nuint losses = ngtcp2_conn_get_stream_loss_count(_native, stream.Id);
                if (losses != stream.FinDoubt.Losses)
                {
                    stream.FinDoubt = (losses, _host.Now);
                }

                if (_host.Now - stream.FinDoubt.Since < 3 * ngtcp2_conn_get_pto(_native))
                {
                    continue;
                }
            }

            stream.SettleFin();
            _finDoubts.RemoveAt(i);
        }
    }

    private void OpenPeerStream(long id)
    {
        var stream = new Ngtcp2Stream(_connection, id, isLocal: false) { IsNative = true };
        _streams.Add(id, stream);
        _newPeerStreams.Add(stream);
        ref PeerPlaces places = ref stream.Direction == StreamDirection.Bidirectional ? ref _bidirectionalPlaces : ref _unidirectionalPlaces;
        places.Opened++;
        _placesToReturn |= places.ShouldReturn;
        _progress = true;
    }

    private void CloseStream(long id)
    {
        if (_streams.Remove(id, out Ngtcp2Stream? stream))
        {
            // Its last bytes still go to the application with this turn's flush, which needs nothing of the native stream.
            stream.Close(null);
            ReturnPlace(stream);
        }
    }

    // A place becomes free when the stream is over on the wire and the application has let go of it: a slow application limits its peer.
    private void ReturnPlace(Ngtcp2Stream stream)
    {
        if (stream.IsLocallyInitiated || !stream.IsClosed || !stream.IsReleased || !stream.TryTakePlace())
        {
            return;
        }

        ref PeerPlaces places = ref stream.Direction == StreamDirection.Bidirectional ? ref _bidirectionalPlaces : ref _unidirectionalPlaces;
        places.Freed++;
        _placesToReturn |= places.ShouldReturn;
    }

    private bool _placesToReturn;

    private void ReturnPlaces()
    {
        _placesToReturn = false;
        if (_bidirectionalPlaces.TakeFreed() is > 0 and int bidirectional)
        {
            ngtcp2_conn_extend_max_streams_bidi(_native, (nuint)bidirectional);
        }

        if (_unidirectionalPlaces.TakeFreed() is > 0 and int unidirectional)
        {
            ngtcp2_conn_extend_max_streams_uni(_native, (nuint)unidirectional);
        }
    }

    private void HandleStreamReset(long id, long code)
    {
        _streams.TryGetValue(id, out Ngtcp2Stream? stream);
        if (stream is not { IsReadAborted: true })
        {
            // Else it answers a STOP_SENDING of this side's.
            CountReset(stream);
        }

        if (stream is not null)
        {
            stream.EndReceive(new TransportException(TransportError.StreamReset, $"The peer reset stream {id} with code 0x{code:x}.") { ApplicationErrorCode = code });
        }
    }

    // The library has answered them with a reset of the stream already.
    private void HandleStops()
    {
        for (int i = 0; i < _received.Stops.Count; i++)
        {
            (long id, long code) = _received.Stops[i];
            // A frame that was sent again is no second reset.
            if (_streams.TryGetValue(id, out Ngtcp2Stream? stream) && stream.CanWrite && !stream.IsSendStopped)
            {
                CountReset(stream);
                stream.ShutSend();
                stream.StopSend(new TransportException(TransportError.StreamReset, $"The peer stopped reading stream {id} with code 0x{code:x}.") { ApplicationErrorCode = code });
            }
        }
    }

    // A call that is given up resets its stream and stops the other direction: that is one stream that came to nothing.
    private void CountReset(Ngtcp2Stream? stream)
    {
        if (stream is { IsResetCounted: true })
        {
            return;
        }

        stream?.IsResetCounted = true;
        if (!_resets.TryCount(_host.Now))
        {
            _excess ??= "too many stream resets";
        }
    }
}
