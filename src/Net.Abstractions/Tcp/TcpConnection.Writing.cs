using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Net;

// What goes to the peer: one loop, which streams ask for a turn.
internal sealed partial class TcpConnection
{
    private const int FlushSize = 64 << 10;

    private readonly Queue<TcpStream> _ready = new();
    private readonly List<TcpStream> _sentWhole = [];

    /// <summary>Notes that a stream has something to send.</summary>
    internal void Enqueue(TcpStream stream)
    {
        lock (_lock)
        {
            if (_close is not null || stream.IsQueued)
            {
                return;
            }

            stream.IsQueued = true;
            _ready.Enqueue(stream);
        }

        _signal.Writer.TryWrite(true);
    }

    private async Task WriteAsync()
    {
        PipeWriter output = _link.Output;
        try
        {
            while (true)
            {
                int unflushed = WriteControl(output, out bool isOver) + WriteStreams(output);
                if (unflushed > 0)
                {
                    await output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
                    CountSent(unflushed);
                }

                if (isOver)
                {
                    await _link.EndSendingAsync().ConfigureAwait(false);
                    return;
                }

                if (unflushed == 0)
                {
                    await _signal.Reader.ReadAsync(CancellationToken.None).ConfigureAwait(false);
                }
            }
        }
#pragma warning disable CA1031 // However the link fails, the connection is over, and Closed says how.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Lose(exception.Message, TransportError.ConnectionLost);
        }
        finally
        {
            _sentWhole.ForEach(static stream => stream.Sent());
            _written.TrySetResult();
        }
    }

    private void CountSent(int count)
    {
        lock (_lock)
        {
            _bytesSent += count;
        }

        foreach (TcpStream stream in _sentWhole)
        {
            stream.Sent();
        }

        _sentWhole.Clear();
    }

    private int WriteControl(PipeWriter output, out bool isOver)
    {
        long? pong;
        long ping;
        long streams;
        (long Code, string Reason)? close;
        lock (_lock)
        {
            isOver = _close is not null;
            close = _closeFrame;
            (pong, _pong) = (_pong, null);
            ping = _lastPing > _sentPing ? _sentPing = _lastPing : 0;
            streams = _grantsStreams ? _peerStreamLimit : 0;
            _grantsStreams = false;
        }

        if (isOver)
        {
            return close is { } frame ? WriteClose(output, frame.Code, frame.Reason) : 0;
        }

        int count = 0;
        Write(TcpFrame.Pong, pong);
        Write(TcpFrame.Ping, ping > 0 ? ping : null);
        Write(TcpFrame.Streams, streams > 0 ? streams : null);
        return count;

        void Write(long type, long? value)
        {
            if (value is long number)
            {
                TcpFrame.Write(output, type, number);
                count += 2 + VariableLengthInteger.GetSize(number);
            }
        }
    }

    private static int WriteClose(PipeWriter output, long code, string reason)
    {
        byte[] text = Encoding.UTF8.GetBytes(reason);
        int length = Math.Min(text.Length, TcpFrame.MaxReason);
        while (length < text.Length && length > 0 && (text[length] & 0xc0) == 0x80)
        {
            // Not inside a character.
            length--;
        }

        TcpFrame.Write(output, TcpFrame.Close, code, new ReadOnlySequence<byte>(text, 0, length));
        return length + 4;
    }

    /// <summary>Lets each stream that is ready send a frame in turn, until enough is there for one write of the socket's.</summary>
    private int WriteStreams(PipeWriter output)
    {
        int count = 0;
        while (count < FlushSize)
        {
            TcpStream? stream;
            lock (_lock)
            {
                if (_close is not null || !_ready.TryDequeue(out stream))
                {
                    break;
                }

                stream.IsQueued = false;
            }

            count += stream.Write(output, out bool hasMore, out bool isWhole);
            if (isWhole)
            {
                _sentWhole.Add(stream);
            }

            if (hasMore)
            {
                Enqueue(stream);
            }
        }

        return count;
    }
}
