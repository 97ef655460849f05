using System.Runtime.InteropServices;

namespace Net.Client.Internal;

/// <summary>A session in the pool, with what is lent of it and what decides when it is retired. Its state moves under the channel's gate; leases are counted without.</summary>
/// <remarks><code>
/// Ready ──(too old, other identity)──> Expiring ──(successor ready)──┐
///   └────────(idle, GOAWAY, end point removed)───────────────────────┴──> Draining ──(last lease ended; or its time is over)──> Closed
/// </code></remarks>
internal sealed class PooledConnection
{
    private readonly int _maxStreams;
    private readonly double _growAt;
    private int _state;
    private bool _isSilent;
    private bool _isProved;
    private int _isAsked;
    private Counts _counts;

    internal PooledConnection(long id, ConnectionGroup group, ChannelProtocol protocol, ChannelSession session, PoolOptions options)
    {
        Id = id;
        Group = group;
        Protocol = protocol;
        Session = session;
        _maxStreams = options.MaxStreamsPerConnection;
        _growAt = options.GrowAt;
        _counts.SoftLimit = int.MaxValue;
    }

    internal long Id { get; }

    internal ConnectionGroup Group { get; }

    /// <summary>What it really speaks: the group's protocol or its fallback.</summary>
    internal ChannelProtocol Protocol { get; }

    internal ChannelSession Session { get; }

    internal required bool IsFallback { get; init; }

    internal required long Generation { get; init; }

    internal required long Opened { get; init; }

    internal required long Expires { get; init; }

    /// <summary>How long it may be idle, in ticks; <see cref="PoolClock.Never"/>: forever.</summary>
    internal required long IdleLimit { get; init; }

    /// <summary>Which transport won and why.</summary>
    internal required string Choice { get; init; }

    /// <summary>Failed attempts before the one that opened it; counted on when it turns out to be of no use.</summary>
    internal required int FailuresBefore { get; init; }

    internal PooledConnectionState State => (PooledConnectionState)Volatile.Read(ref _state);

    /// <summary>When it is cut, once it drains.</summary>
    internal long DrainEnds { get; private set; } = PoolClock.Never;

    /// <summary>Whether the peer was found to answer nothing any more, and has not answered since.</summary>
    internal bool IsSilent => Volatile.Read(ref _isSilent);

    /// <summary>Whether its handshake is over: with early data it takes calls before the server has said anything.</summary>
    internal bool IsProved => Volatile.Read(ref _isProved);

    /// <summary>Since when. Meaningless while it is not silent.</summary>
    internal long SilentSince { get; private set; }

    /// <summary>What was seen of a silent connection whose calls still wait; <c>null</c>: nothing yet. Only the look's thread uses it.</summary>
    internal SilenceWatch? Silence { get; set; }

    /// <summary>Whether the session was told to drain or to close.</summary>
    internal bool IsEnding { get; set; }

    /// <summary>Whether the session was closed at once.</summary>
    internal bool IsCut { get; set; }

    internal int Leases => Volatile.Read(ref _counts.Leases);

    internal long IdleSince => Volatile.Read(ref _counts.IdleSince);

    /// <summary>Whether it carries more than its share before growth, as far as the last lease saw.</summary>
    internal bool IsBusy => Leases >= Volatile.Read(ref _counts.SoftLimit);

    /// <summary>How many more leases it could give now.</summary>
    internal int Room => State > PooledConnectionState.Expiring ? 0 : Math.Max(0, RoomBeside(Leases));

    /// <summary>Takes a place for one call, if there is one.</summary>
    /// <param name="isBusy">Whether another connection should be opened, as little room is left.</param>
    internal bool TryReserve(out bool isBusy)
    {
        int others = Interlocked.Increment(ref _counts.Leases) - 1;

        // Looked at after the lease was counted: who retires the connection sets the state first and counts second.
        int room = State > PooledConnectionState.Expiring ? 0 : RoomBeside(others);
        if (room < 1)
        {
            if (Interlocked.Decrement(ref _counts.Leases) == 0 && State >= PooledConnectionState.Draining)
            {
                // Who looked for leases meanwhile saw this one.
                Group.Kick();
            }

            isBusy = true;
            return false;
        }

        int limit = (int)Math.Max(1, _growAt * (others + room));
        if (limit != _counts.SoftLimit)
        {
            Volatile.Write(ref _counts.SoftLimit, limit);
        }

        isBusy = others + 1 >= limit && _growAt < 1;
        return true;
    }

    /// <summary>Gives a place back.</summary>
    /// <returns>Whether nothing is lent any more.</returns>
    internal bool Release(long now)
    {
        // Written before the count falls: who sees no lease sees a time that is not older than the last.
        Volatile.Write(ref _counts.IdleSince, now);
        return Interlocked.Decrement(ref _counts.Leases) == 0;
    }

    /// <summary>Asks the transport whether the peer answers. Outside the channel's gate, as it asks the session.</summary>
    /// <returns>Whether it was just found to be silent.</returns>
    internal bool FindSilence(int maxProbeTimeouts, long now)
    {
        if (maxProbeTimeouts == 0 || IsSilent || State > PooledConnectionState.Draining || !(Session.GetPathStatistics().ProbeTimeouts >= maxProbeTimeouts))
        {
            return false;
        }

        // Two threads may find it at once, a moment apart.
        SilentSince = now;
        Volatile.Write(ref _isSilent, true);
        return true;
    }

    /// <summary>The handshake is over.</summary>
    internal void Prove()
    {
        Volatile.Write(ref _isProved, true);
        if (!IsFallback)
        {
            // What TCP carries says nothing of what is silent over QUIC.
            Group.EndPoint.NoteProved(Opened);
        }
    }

    /// <summary>The peer has answered after all.</summary>
    internal void EndSilence()
    {
        Silence = null;
        Volatile.Write(ref _isSilent, false);
    }

    /// <summary>Begins to ask the peer whether it still answers, unless that is under way.</summary>
    internal bool TryBeginAsking() => Interlocked.Exchange(ref _isAsked, 1) == 0;

    internal void EndAsking() => Volatile.Write(ref _isAsked, 0);

    internal void MarkIdle(long now) => Volatile.Write(ref _counts.IdleSince, now);

    internal void MoveTo_NeedsGate(PooledConnectionState state)
    {
        // A full fence: the state is seen by every reservation that is counted after the leases are looked at.
        if (State < state)
        {
            Interlocked.Exchange(ref _state, (int)state);
        }
    }

    internal void BeginDrain_NeedsGate(long ends)
    {
        MoveTo_NeedsGate(PooledConnectionState.Draining);
        DrainEnds = ends;
    }

    // Leases whose stream has not begun are not in the session's figures yet.
    private int RoomBeside(int leases)
    {
        int unopened = Math.Max(0, leases - Session.ActiveStreams);
        return Math.Min(Session.AvailableStreams - unopened, _maxStreams - leases);
    }

    // Every call writes these; what every pick reads of the object must not share their cache line.
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Counts
    {
        [FieldOffset(64)]
        internal int Leases;

        [FieldOffset(68)]
        internal int SoftLimit;

        [FieldOffset(72)]
        internal long IdleSince;
    }
}
