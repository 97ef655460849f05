using Microsoft.AspNetCore.Connections;

namespace Net.Server.Kestrel;

// The bound on a peer that takes its response too slowly: it resets this stream alone, where Kestrel's own would close the connection with all its requests.
internal sealed partial class TransportStreamContext
{
    private long _sendDeadline;
    private int _sendWaits;

    /// <summary>Notes that bytes are on their way, for which the peer gets its time.</summary>
    internal void NoteSent(long bytes)
    {
        if (_connection.ResponseRate is not { } rate)
        {
            return;
        }

        long now = rate.GetTimestamp();
        long share = rate.TimeFor(bytes);
        long alone = now + Math.Max(share, rate.GracePeriod);
        long current = Volatile.Read(ref _sendDeadline);

        // A peer that took the last response faster than it had to keeps the time it saved.
        Volatile.Write(ref _sendDeadline, current < now ? alone : Math.Max(alone, current + share));
    }

    /// <summary>Notes that sending waits for the peer: a flush that is not over, or a FIN that is not acknowledged.</summary>
    /// <returns>Whether the wait is bounded, so that <see cref="EndSendWait"/> must follow.</returns>
    internal bool BeginSendWait()
    {
        if (_connection.ResponseRate is not { } rate)
        {
            return false;
        }

        if (Interlocked.Increment(ref _sendWaits) == 1)
        {
            long earliest = rate.GetTimestamp() + rate.GracePeriod;
            if (Volatile.Read(ref _sendDeadline) < earliest)
            {
                Volatile.Write(ref _sendDeadline, earliest);
            }

            rate.Add(this);
        }

        return true;
    }

    /// <summary>Ends what <see cref="BeginSendWait"/> began.</summary>
    internal void EndSendWait()
    {
        if (Interlocked.Decrement(ref _sendWaits) == 0)
        {
            _connection.ResponseRate!.Remove(this);
        }
    }

    /// <summary>Whether the peer had its time.</summary>
    internal bool IsOverdue(long now) => now > Volatile.Read(ref _sendDeadline);

    /// <summary>Gives the stream up as its peer takes the response too slowly.</summary>
    internal void AbortOverdue()
    {
        ServerLog.ResponseTooSlow(_connection.Logger, _connection.ConnectionId, StreamId);
        Error = Http3ErrorCodes.RequestCancelled;
        Abort(new ConnectionAbortedException("The peer takes the response more slowly than NetTransportOptions.MinResponseDataRate allows."));
    }

    private void BeginRate()
    {
        _sendDeadline = 0;
        _sendWaits = 0;
    }
}
