using System.Buffers;
using System.IO.Pipelines;
using System.Security.Authentication;
using System.Text;

namespace Net;

// What comes from the peer, and the time that a connection may be quiet.
internal sealed partial class TcpConnection
{
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
