using Net.Ngtcp2.Udp;

namespace Net.Ngtcp2.Loop;

/// <summary>One socket of a loop, with what could not be sent while the kernel had no room.</summary>
internal sealed class SocketSlot(UdpSocket socket, int pollSlot, int number) : IDisposable
{
    // QUIC repeats what is lost: a bounded queue keeps a blocked socket from eating memory.
    private const int MaxWaitingBytes = 1 << 20;
    private readonly Queue<Waiting> _waiting = new();
    private int _waitingBytes;

    internal UdpSocket Socket => socket;

    internal int PollSlot => pollSlot;

    internal int Number => number;

    internal bool IsShared { get; set; }

    /// <summary>Whether datagrams wait for room.</summary>
    internal bool IsBlocked => _waiting.Count > 0;

    /// <summary>Whether only time tells when there is room again.</summary>
    internal bool NeedsRetryTimer { get; private set; }

    /// <summary>Datagram batches dropped because too many waited already.</summary>
    internal long Dropped { get; private set; }

    internal void Send(Poller poller, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn, ReadOnlySpan<byte> data, int segmentSize)
    {
        if (IsBlocked)
        {
            Keep(local, remote, ecn, data, segmentSize);
            return;
        }

        SendResult result = socket.Send(local, remote, ecn, data, segmentSize);
        if (result.Status == SendStatus.Blocked)
        {
            Keep(local, remote, ecn, data[result.BytesConsumed..], segmentSize);
            NoteBlocked(poller, result);
        }
    }

    /// <summary>Sends what waited, as far as the kernel takes it.</summary>
    internal void Resume(Poller poller)
    {
        while (_waiting.TryPeek(out Waiting? first))
        {
            SendResult result = socket.Send(first.Local, first.Remote, first.Ecn, first.Data.AsSpan(first.Offset), first.SegmentSize);
            if (result.Status == SendStatus.Blocked)
            {
                first.Offset += result.BytesConsumed;
                NoteBlocked(poller, result);
                return;
            }

            _waiting.Dequeue();
            _waitingBytes -= first.Data.Length;
        }

        NeedsRetryTimer = false;
        poller.SetWriteInterest(pollSlot, false);
    }

    public void Dispose() => socket.Dispose();

    private void NoteBlocked(Poller poller, in SendResult result)
    {
        NeedsRetryTimer = !result.WaitsForWritable;
        poller.SetWriteInterest(pollSlot, result.WaitsForWritable);
    }

    private void Keep(in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn, ReadOnlySpan<byte> data, int segmentSize)
    {
        if (_waitingBytes + data.Length > MaxWaitingBytes)
        {
            Dropped++;
            return;
        }

        _waitingBytes += data.Length;
        _waiting.Enqueue(new Waiting(local, remote, ecn, data.ToArray(), segmentSize));
    }

    private sealed class Waiting(SocketAddressBuffer local, SocketAddressBuffer remote, byte ecn, byte[] data, int segmentSize)
    {
        internal SocketAddressBuffer Local { get; } = local;

        internal SocketAddressBuffer Remote { get; } = remote;

        internal byte Ecn { get; } = ecn;

        internal byte[] Data { get; } = data;

        internal int SegmentSize { get; } = segmentSize;

        internal int Offset { get; set; }
    }
}
