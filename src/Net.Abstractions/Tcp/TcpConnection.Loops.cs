using System.Buffers;
using System.IO.Pipelines;
using System.Security.Authentication;
using System.Text;

namespace Net;

// The two loops, and the time that a connection may be quiet.
internal sealed partial class TcpConnection
{
    private const int FlushSize = 64 << 10;

    private readonly Queue<TcpStream> _ready = new();
    private readonly List<TcpStream> _sentWhole = [];
    private readonly Dictionary<long, (TaskCompletionSource<TimeSpan> Answer, long Sent)> _pings = [];
    private long _lastReceived;
    private long _lastPing;
    private long _sentPing;
    private long? _pong;
    private TimeSpan? _latestRtt;
    private TimeSpan? _smoothedRtt;
    private TimeSpan? _minRtt;
    private long _bytesSent;
    private long _bytesReceived;

    public override PathStatistics GetPathStatistics()
    {
        lock (_lock)
        {
            return new PathStatistics
            {
                SmoothedRtt = _smoothedRtt,
                LatestRtt = _latestRtt,
                MinRtt = _minRtt,
                BytesSent = _bytesSent,
                BytesReceived = _bytesReceived,
            };
        }
    }

    public override async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var answer = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        long number;
        lock (_lock)
        {
            if (_close is not null)
            {
                ThrowEnded(isSafeToRetry: true);
            }

            number = ++_lastPing;
            _pings.Add(number, (answer, _options.TimeProvider.GetTimestamp()));
        }

        _signal.Writer.TryWrite(true);
        try
        {
            return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _pings.Remove(number);
            }
        }
    }

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

    // Reads on to the peer's end when the connection is over, see FinishAsync.
    private async Task ReadAsync()
    {
        PipeReader input = _link.Input;
        try
        {
            while (true)
            {
                ReadResult result = await input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
                input.AdvanceTo(Take(result.Buffer), result.Buffer.End);
                if (result.IsCompleted)
                {
                    Lose("the peer ended the TCP connection without a CLOSE.", TransportError.ConnectionLost);
                    return;
                }
            }
        }
#pragma warning disable CA1031 // However the link fails, the connection is over, and Closed says how.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Lose(exception.Message, IsRefusal(exception) ? TransportError.CertificateRejected : TransportError.ConnectionLost);
        }
        finally
        {
            await CompleteAsync(input).ConfigureAwait(false);
            _read.TrySetResult();
        }
    }

    private SequencePosition Take(ReadOnlySequence<byte> buffer)
    {
        long arrived = buffer.Length;
        try
        {
            while (!IsDraining && TcpFrame.TryRead(ref buffer, out long type, out ReadOnlySequence<byte> payload))
            {
                Handle(type, payload);
            }
        }
        catch (TcpViolationException violation)
        {
            End(
                new ConnectionClose(CloseInitiator.Local, TransportError.ProtocolViolation, RawStreamErrorCodes.FramingError, null, violation.Message),
                (RawStreamErrorCodes.FramingError, violation.Message));
        }

        if (IsDraining)
        {
            buffer = buffer.Slice(buffer.End);
        }

        lock (_lock)
        {
            _lastReceived = _options.TimeProvider.GetTimestamp();
            _bytesReceived += arrived - buffer.Length;
        }

        return buffer.Start;
    }

    private static async ValueTask CompleteAsync(PipeReader input)
    {
        try
        {
            await input.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // It is gone already.
        }
    }

    // In TLS 1.3 a server refuses a client's certificate only after the client has finished; the alert then comes in place of the first bytes.
    private bool IsRefusal(Exception exception)
    {
        if (IsServer || GetPathStatistics().BytesReceived > 0)
        {
            return false;
        }

        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException || (cause is not IOException && cause.Message.Contains("alert", StringComparison.OrdinalIgnoreCase)
                && cause.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase)))
            {
                return true;
            }
        }

        return false;
    }

    private void Lose(string reason, TransportError error) => End(new ConnectionClose(CloseInitiator.None, error, null, null, reason), null);

    private void Handle(long type, ReadOnlySequence<byte> payload)
    {
        switch (type)
        {
            case TcpFrame.Data:
                Find(TcpFrame.TakeInteger(ref payload))?.Receive(payload);
                break;
            case TcpFrame.End:
                Find(TcpFrame.TakeLastInteger(ref payload))?.ReceiveEnd();
                break;
            case TcpFrame.Reset:
                Find(TcpFrame.TakeInteger(ref payload))?.ReceiveReset(TcpFrame.TakeLastInteger(ref payload));
                break;
            case TcpFrame.Stop:
                Find(TcpFrame.TakeInteger(ref payload))?.ReceiveStop(TcpFrame.TakeLastInteger(ref payload));
                break;
            case TcpFrame.Credit:
                Find(TcpFrame.TakeInteger(ref payload))?.ReceiveCredit(TcpFrame.TakeLastInteger(ref payload));
                break;
            case TcpFrame.Streams:
                Allow(TcpFrame.TakeLastInteger(ref payload));
                break;
            case TcpFrame.Close:
                long code = TcpFrame.TakeInteger(ref payload);
                string reason = payload.Length > TcpFrame.MaxReason ? throw new TcpViolationException("The reason of a CLOSE is too long.") : Encoding.UTF8.GetString(payload);
                End(new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectionClosed, code, null, reason), null);
                break;
            case TcpFrame.Ping:
                lock (_lock)
                {
                    // One answer serves all before it, so that a flood of them costs nothing to remember.
                    _pong = Math.Max(_pong ?? 0, TcpFrame.TakeLastInteger(ref payload));
                }

                _signal.Writer.TryWrite(true);
                break;
            case TcpFrame.Pong:
                ReceivePong(TcpFrame.TakeLastInteger(ref payload));
                break;
            default:
                if (type % 2 == 0)
                {
                    throw new TcpViolationException($"A frame has the critical type {type}, which this version does not know.");
                }

                break;
        }
    }

    private void ReceivePong(long number)
    {
        List<(TaskCompletionSource<TimeSpan> Answer, TimeSpan Rtt)> answered = [];
        lock (_lock)
        {
            foreach ((long asked, (TaskCompletionSource<TimeSpan> answer, long sent)) in _pings)
            {
                if (asked <= number)
                {
                    TimeSpan rtt = _options.TimeProvider.GetElapsedTime(sent);
                    answered.Add((answer, rtt));
                    _latestRtt = rtt;
                    _minRtt = _minRtt is TimeSpan least && least < rtt ? least : rtt;
                    _smoothedRtt = _smoothedRtt is TimeSpan smoothed ? ((smoothed * 7) + rtt) / 8 : rtt;
                }
            }
        }

        answered.ForEach(static a => a.Answer.TrySetResult(a.Rtt));
    }

    private void FailPings(ConnectionClose close)
    {
        TaskCompletionSource<TimeSpan>[] waiting;
        lock (_lock)
        {
            waiting = [.. _pings.Values.Select(static p => p.Answer)];
        }

        foreach (TaskCompletionSource<TimeSpan> answer in waiting)
        {
            answer.TrySetException(close.ToException());
        }
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

    private void StartTimer()
    {
        TimeSpan shortest = new[] { _options.IdleTimeout, _options.KeepAliveInterval }.Where(static t => t != Timeout.InfiniteTimeSpan).DefaultIfEmpty(TimeSpan.Zero).Min();
        if (shortest > TimeSpan.Zero)
        {
            TimeSpan period = shortest / 2 > TimeSpan.FromMilliseconds(1) ? shortest / 2 : TimeSpan.FromMilliseconds(1);
            _timer = _options.TimeProvider.CreateTimer(static state => ((TcpConnection)state!).CheckQuiet(), this, period, period);
        }
    }

    private void CheckQuiet()
    {
        bool isIdle;
        lock (_lock)
        {
            if (_close is not null)
            {
                return;
            }

            TimeSpan quiet = _options.TimeProvider.GetElapsedTime(_lastReceived);
            isIdle = _options.IdleTimeout != Timeout.InfiniteTimeSpan && quiet >= _options.IdleTimeout;
            _lastPing += !isIdle && _options.KeepAliveInterval != Timeout.InfiniteTimeSpan && quiet >= _options.KeepAliveInterval / 2 ? 1 : 0;
        }

        if (isIdle)
        {
            Lose($"nothing came from the peer for {_options.IdleTimeout} (IdleTimeout).", TransportError.ConnectionLost);
        }
        else
        {
            _signal.Writer.TryWrite(true);
        }
    }
}
