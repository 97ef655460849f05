namespace Net.Client;

/// <summary>What a <see cref="ChannelLease"/> points to. It is used for one lease after the other; the version tells them apart.</summary>
internal abstract class LeaseState
{
    private long _version;

    /// <summary>Number of the lease that this object serves now, or would serve next.</summary>
    internal long Version => Volatile.Read(ref _version);

    /// <summary>The session that is lent.</summary>
    internal abstract ChannelSession? Session { get; }

    /// <summary>The end point of the session.</summary>
    internal abstract ChannelEndPoint? EndPoint { get; }

    /// <summary>Number of the end point.</summary>
    internal abstract int EndPointId { get; }

    /// <summary>Number of the connection.</summary>
    internal abstract long ConnectionId { get; }

    /// <summary>Which transport won, and why.</summary>
    internal virtual string? Choice => null;

    /// <summary>Notes that the first answer came.</summary>
    internal virtual void NoteAnswer()
    {
    }

    /// <summary>Ends the lease of a version, if it has not ended.</summary>
    /// <returns>Whether this call ended it.</returns>
    internal bool TryComplete(long version, CallOutcome outcome)
    {
        if (Interlocked.CompareExchange(ref _version, version + 1, version) != version)
        {
            return false;
        }

        OnCompleted(outcome);
        return true;
    }

    /// <summary>The lease is over: gives the place back. Called once for each lease.</summary>
    protected abstract void OnCompleted(CallOutcome outcome);
}
