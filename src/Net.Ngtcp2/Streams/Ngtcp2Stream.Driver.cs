using System.Buffers;
using System.IO.Pipelines;
using Net.Ngtcp2.Interop;

namespace Net.Ngtcp2.Streams;

// The driver's side of a stream. Everything here runs on the driver's thread.
internal sealed unsafe partial class Ngtcp2Stream
{
    private long _received;
    private long _extended;
    private bool _sawEarlyData;
    private bool _receiveEnded;
    private ReadOnlySequence<byte> _sendBuffer;
    private SequencePosition _unsentPosition;
    private long _sentOffset;
    private long _ackedOffset;
    private long _freedOffset;
    private long _notedOffset;
    private SequencePosition _notedPosition;
    private bool _sendPipeEnded;
    private bool _finSent;
    private bool _finSentAlone;
    private bool _finAcked;
    private bool _sendReaderCompleted;
    private bool _closed;
    private bool _hasFin;
    private bool _sendShut;
    private bool _placeTaken;
    private bool _released;
    private SequencePosition _readStart;

    /// <summary>Next stream in the line of those with something to send.</summary>
    internal Ngtcp2Stream? NextInLine { get; set; }

    /// <summary>Whether the stream stands in a line.</summary>
    internal bool IsInLine { get; set; }

    /// <summary>The line it stands in, which is that of its urgency when it was put there.</summary>
    internal int LineLevel { get; set; }

    /// <summary>Whether the peer's flow control window for the stream is used up.</summary>
    internal bool IsFlowBlocked { get; set; }

    /// <summary>Whether the stream waits for credit of the whole connection.</summary>
    internal bool IsConnectionBlocked { get; set; }

    /// <summary>Whether bytes were received that the application has not been woken for.</summary>
    internal bool NeedsReceiveFlush { get; set; }

    /// <summary>Whether acknowledged blocks wait to be freed, or a writer waits to hear what was sent.</summary>
    internal bool NeedsFree { get; set; }

    /// <summary>Whether the native library knows the stream: opened there and not closed.</summary>
    internal bool IsNative { get; set; }

    /// <summary>Whether the application has disposed the stream, so that its place counts as free.</summary>
    internal bool IsReleased => Volatile.Read(ref _released);

    internal bool IsClosed => _closed;

    /// <summary>Whether the peer was told that this side reads no more.</summary>
    internal bool IsReadAborted { get; set; }

    /// <summary>Whether the peer's giving up of this stream was counted.</summary>
    internal bool IsResetCounted { get; set; }

    /// <summary>Whether the sending side is over: all acknowledged, or given up.</summary>
    internal bool IsSendOver => _sendCompletion.IsSet;

    internal int Urgency => _priority >> 1;

    internal bool IsIncremental => (_priority & 1) != 0;

    internal bool IsReceiveEnded => _receiveEnded;

    void Driver.IDriverWork.Run()
    {
        var work = (StreamWork)Interlocked.Exchange(ref _work, 0);
        _connection.Driver.HandleStreamWork(this, work);
    }

    /// <summary>Takes bytes from the peer.</summary>
    internal void Receive(ReadOnlySpan<byte> data, bool isEarly)
    {
        if (isEarly)
        {
            Volatile.Write(ref _sawEarlyData, true);
        }

        if (data.IsEmpty || _input is null)
        {
            return;
        }

        Volatile.Write(ref _received, _received + data.Length);
        Interlocked.MemoryBarrier();
        if (_inputCompleted || _receiveEnded)
        {
            GiveBackUpTo(_received);
            return;
        }

        PipeWriter writer = _input.Writer;
        while (!data.IsEmpty)
        {
            Span<byte> room = writer.GetSpan(1);
            int count = Math.Min(room.Length, data.Length);
            data[..count].CopyTo(room);
            writer.Advance(count);
            data = data[count..];
        }
    }

    /// <summary>Lets the application see what came in this turn.</summary>
    internal void FlushReceived()
    {
        if (_hasFin)
        {
            EndReceive(null);
        }
        else if (!_receiveEnded)
        {
            // Without a threshold the flush never waits.
            ValueTask<FlushResult> flush = _input!.Writer.FlushAsync();
            if (flush.IsCompleted)
            {
                _ = flush.Result;
            }
        }
    }

    /// <summary>Ends the receiving side: with the peer's FIN when <paramref name="failure"/> is <c>null</c>, else with a failure that reads throw.</summary>
    internal void EndReceive(TransportException? failure)
    {
        if (_input is null || _receiveEnded)
        {
            return;
        }

        _receiveEnded = true;
        _input.Writer.Complete(failure);
        _input.ReleaseWriter();
        if (_inputCompleted || failure is not null)
        {
            // After a failure nobody can read what is left, and the other streams need the connection's credit for it.
            GiveBackUpTo(_received);
        }
    }

    /// <summary>The code of an abort that waits to be carried out.</summary>
    internal long PendingAbortReadCode => Volatile.Read(ref _abortReadCode);

    /// <summary>The code of an abort that waits to be carried out.</summary>
    internal long PendingAbortWriteCode => Volatile.Read(ref _abortWriteCode);

    /// <summary>How much stream credit has not gone to the peer yet; counts as given with the call.</summary>
    internal long TakeStreamCredit()
    {
        long target = Volatile.Read(ref _returned);
        long delta = target - _extended;
        _extended = target;
        return delta;
    }

    /// <summary>Looks for something to send. When it returns <c>true</c>, <see cref="EndSend"/> must follow.</summary>
    internal bool BeginSend()
    {
        if (_output is null || _sendReaderCompleted || _finSent || _sendShut || !_output.Reader.TryRead(out ReadResult result))
        {
            return false;
        }

        ReadOnlySequence<byte> buffer = result.Buffer;
        _sendPipeEnded = result.IsCompleted;
        _sendBuffer = _sentOffset == _freedOffset ? buffer : buffer.Slice(_unsentPosition);
        if (_sendBuffer.IsEmpty && !_sendPipeEnded)
        {
            _output.Reader.AdvanceTo(buffer.Start, NotedOr(buffer.Start));
            return false;
        }

        _readStart = buffer.Start;
        return true;
    }

    /// <summary>Points the vectors at the next bytes to send.</summary>
    /// <returns>How many vectors were filled.</returns>
    internal int Fill(ngtcp2_vec* vectors, int max, out bool fin)
    {
        int count = 0;
        bool all = true;
        foreach (ReadOnlyMemory<byte> memory in _sendBuffer)
        {
            if (memory.IsEmpty)
            {
                continue;
            }

            if (count == max)
            {
                all = false;
                break;
            }

            // The pool's blocks are pinned for good, so that the address outlives the fixed block.
            fixed (byte* pointer = memory.Span)
            {
                vectors[count].@base = pointer;
            }

            vectors[count].len = (nuint)memory.Length;
            count++;
        }

        fin = _sendPipeEnded && all;
        return count;
    }

    /// <summary>Notes that the native library took bytes.</summary>
    internal void NoteSent(long bytes, bool finOffered)
    {
        _sentOffset += bytes;
        _sendBuffer = _sendBuffer.Slice(bytes);
        if (finOffered && _sendBuffer.IsEmpty)
        {
            _finSent = true;
            _finSentAlone = bytes == 0;
        }
    }

    /// <summary>Whether bytes or the FIN are left to send now.</summary>
    internal bool HasMoreToSend => !_sendBuffer.IsEmpty || (_sendPipeEnded && !_finSent);

    /// <summary>Ends what <see cref="BeginSend"/> began. Nothing is consumed: blocks stay until acknowledged.</summary>
    internal void EndSend()
    {
        _unsentPosition = _sendBuffer.Start;
        _sendBuffer = default;
        if (!_sendReaderCompleted)
        {
            _output!.Reader.AdvanceTo(_readStart, NotedOr(_readStart));
        }
    }

    /// <summary>Notes an acknowledgement.</summary>
    /// <param name="upTo">All bytes before this offset are acknowledged.</param>
    /// <param name="newBytes">How many of them are newly acknowledged; 0 means the FIN alone.</param>
    /// <returns>Whether blocks can be freed.</returns>
    internal bool NoteAcknowledged(long upTo, long newBytes)
    {
        _ackedOffset = Math.Max(_ackedOffset, upTo);
        _finAcked |= newBytes == 0;
        if (IsAllAcknowledged && (!_finSentAlone || _finAcked))
        {
            _sendCompletion.Set();
        }

        return _ackedOffset > _freedOffset;
    }

    /// <summary>
    /// Whether all bytes are acknowledged, and of the FIN, which was sent by itself, nothing is known. It may be on its way still. It may also have been lost with the bytes before it and
    /// sent again in one frame with them, of whose acknowledgement the library then only tells the bytes.
    /// </summary>
    internal bool IsFinInDoubt => IsAllAcknowledged && !_sendCompletion.IsSet;

    /// <summary>How often packets with parts of the stream had been lost when the doubt began, and when that was.</summary>
    internal (nuint Losses, ulong Since) FinDoubt { get; set; }

    private bool IsAllAcknowledged => _finSent && _ackedOffset == _sentOffset;

    /// <summary>The FIN is acknowledged after all.</summary>
    internal void SettleFin() => _sendCompletion.Set();

    /// <summary>Whether so much was sent that a writer who waits for it may go on, which <see cref="FreeAcknowledged"/> lets it.</summary>
    /// <remarks>In sixths of the limit: a waiting writer has a whole one behind the mark and goes on below a third, so that a sixth at least is left to send meanwhile.</remarks>
    internal bool HasSentEnough => MayNoteSent && _sentOffset - Math.Max(_notedOffset, _freedOffset) >= _unsentLimit / 6;

    /// <summary>Gives acknowledged blocks back to the pool and notes what was sent; either lets a waiting writer go on.</summary>
    internal void FreeAcknowledged()
    {
        NeedsFree = false;
        if (_sendReaderCompleted || (_ackedOffset <= _freedOffset && !HasSentEnough) || !_output!.Reader.TryRead(out ReadResult result))
        {
            return;
        }

        SequencePosition acked = result.Buffer.GetPosition(_ackedOffset - _freedOffset);
        _freedOffset = _ackedOffset;
        NoteSentInPipe();
        _output.Reader.AdvanceTo(acked, NotedOr(acked));
    }

    // The pipe's writer waits for what was not looked at. Looking at bytes as they are sent makes that what is unsent; no longer doing so when too much is in flight holds the writer all the same.
    private bool MayNoteSent => _sentOffset - _ackedOffset <= _inFlightLimit;

    // All but the last byte: a pipe whose bytes were all looked at gives nothing to read, and what is acknowledged could not be freed.
    private void NoteSentInPipe()
    {
        int index = _unsentPosition.GetInteger();
        if (MayNoteSent && index > 0 && _sentOffset - 1 > Math.Max(_notedOffset, _freedOffset))
        {
            _notedPosition = new SequencePosition(_unsentPosition.GetObject(), index - 1);
            _notedOffset = _sentOffset - 1;
        }
    }

    // The mark is in a block that is gone once what comes before it is freed.
    private SequencePosition NotedOr(SequencePosition start) => _notedOffset > _freedOffset ? _notedPosition : start;

    /// <summary>The sending side can do no more: wakes the writer with the reason. Blocks stay until the native library lets go of them.</summary>
    internal void StopSend(TransportException failure)
    {
        if (_output is not null && !_sendCompletion.IsSet)
        {
            FailSend(failure);
        }
    }

    /// <summary>The native library has let go of the stream: frees all blocks and ends both sides.</summary>
    /// <param name="failure">Why, when the connection ended under the stream; <c>null</c> when the stream ended by itself.</param>
    internal void Close(TransportException? failure)
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        IsNative = false;
        if (_output is not null && !_sendReaderCompleted)
        {
            bool isWhole = failure is null && IsAllAcknowledged;
            if (isWhole)
            {
                // The last acknowledgement often comes with the end of the stream. What is freed the pipe keeps for the stream that it serves next; what it is completed with is garbage.
                FreeAcknowledged();
            }

            _sendReaderCompleted = true;
            if (isWhole)
            {
                _sendCompletion.Set();
            }
            else
            {
                StopSend(failure ?? new TransportException(TransportError.StreamReset, $"Stream {Id} ended before the peer had acknowledged all of it."));
            }

            _output.Reader.Complete();
            _output.ReleaseReader();
        }

        if (failure is not null)
        {
            EndReceive(failure);
        }
        else if (!_hasFin)
        {
            EndReceive(new TransportException(TransportError.StreamReset, $"Stream {Id} ended without the peer's FIN."));
        }

        _completion.Set();
    }

    /// <summary>Notes that the application has disposed the stream. Any thread.</summary>
    internal void Release() => Volatile.Write(ref _released, true);

    /// <summary>Notes that the peer's FIN has come; the next flush ends the input.</summary>
    internal void NoteFin() => _hasFin = true;

    /// <summary>Sends no more from the pipe: a reset or a STOP_SENDING came first.</summary>
    internal void ShutSend() => _sendShut = true;

    /// <summary>Whether the peer's STOP_SENDING, or this side's reset, has ended the sending side.</summary>
    internal bool IsSendStopped => _sendShut;

    /// <summary>Whether the stream's place among those that the peer may open was not given back yet; taken with the call.</summary>
    internal bool TryTakePlace()
    {
        bool taken = !_placeTaken;
        _placeTaken = true;
        return taken;
    }
}
