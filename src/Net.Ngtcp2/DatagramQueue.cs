using System.Threading.Channels;

namespace Net.Ngtcp2;

/// <summary>Datagrams on their way: those the application sent wait for the driver, those received wait for the application. Both bounded; what is too many is dropped, as datagrams may be.</summary>
internal sealed class DatagramQueue(int receiveLimit)
{
    private const int MaxToSend = 256;
    private readonly Lock _lock = new();
    private readonly Queue<byte[]> _toSend = new();
    private readonly Channel<ReadOnlyMemory<byte>> _received = Channel.CreateBounded<ReadOnlyMemory<byte>>(
        new BoundedChannelOptions(receiveLimit) { FullMode = BoundedChannelFullMode.DropOldest, SingleWriter = true, SingleReader = true });

    private volatile int _toSendCount;

    internal bool HasToSend => _toSendCount > 0;

    internal void AddReceived(ReadOnlySpan<byte> payload) => _received.Writer.TryWrite(payload.ToArray());

    internal async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _received.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException closed) when (closed.InnerException is TransportException t)
        {
            throw new TransportException(t.Error, t.Message, t) { ApplicationErrorCode = t.ApplicationErrorCode, TransportErrorCode = t.TransportErrorCode };
        }
    }

    internal void Fail(Exception failure) => _received.Writer.TryComplete(failure);

    internal bool TryAddToSend(ReadOnlySpan<byte> payload)
    {
        lock (_lock)
        {
            if (_toSend.Count >= MaxToSend)
            {
                return false;
            }

            _toSend.Enqueue(payload.ToArray());
            _toSendCount = _toSend.Count;
            return true;
        }
    }

    internal bool TryPeekToSend(out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        if (_toSendCount == 0)
        {
            return false;
        }

        lock (_lock)
        {
            bool any = _toSend.TryPeek(out byte[]? first);
            payload = first;
            return any;
        }
    }

    internal void DropToSend()
    {
        lock (_lock)
        {
            _toSend.TryDequeue(out _);
            _toSendCount = _toSend.Count;
        }
    }
}
