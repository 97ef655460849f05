using System.Net;

namespace Net.Testing;

/// <content>Timeouts, pings, figures, and moves to another address.</content>
internal sealed partial class MemoryConnection
{
    private readonly List<IPEndPoint> _movingTo = [];
    private MemoryEvent? _idleCheck;
    private MemoryEvent? _keepAlive;
    private TimeSpan _idleTimeout = Timeout.InfiniteTimeSpan;
    private long _lastActivity;
    private long _bytesSent;
    private long _bytesReceived;
    private long _packetsSent;
    private long _packetsReceived;

    public override PathStatistics GetPathStatistics()
    {
        using MemoryNetwork.Scope scope = Network.Enter();
        var counts = new PathStatistics
        {
            BytesSent = _bytesSent,
            BytesReceived = _bytesReceived,
            DatagramsSent = _packetsSent,
            DatagramsReceived = _packetsReceived,
            PacketsSent = _packetsSent,
            PacketsReceived = _packetsReceived,
        };
        if (!Capabilities.HasFlag(EngineCapabilities.PathStatistics))
        {
            return counts;
        }

        // A path without delay is not one without time: a real engine never measures zero.
        TimeSpan rtt = Link.RoundTripTime > TimeSpan.Zero ? Link.RoundTripTime : TimeSpan.FromMicroseconds(1);
        return counts with
        {
            SmoothedRtt = rtt,
            LatestRtt = rtt,
            MinRtt = rtt,
            RttVariance = TimeSpan.Zero,
            CongestionWindow = _peerLimits.ConnectionReceiveWindow,
            BytesInFlight = _bytesInFlight,
            PacketsLost = 0,
            ProbeTimeouts = 0,
            MaxUdpPayload = 1200,
            CongestionMarksReceived = 0,
        };
    }

    public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        Require(EngineCapabilities.Ping);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TimeSpan>(cancellationToken);
        }

        using MemoryNetwork.Scope scope = Network.Enter();
        if (_close is not null)
        {
            return ValueTask.FromException<TimeSpan>(_close.ToException());
        }

        long begun = Network.Now;
        MemoryWaiter<TimeSpan> waiter = StartWait<TimeSpan>(cancellationToken);
        SendRoundTrip(static _ => { }, () => EndWait(waiter, TimeSpan.FromTicks(Network.Now - begun)));
        return new(waiter.Task);
    }

    public override ValueTask UpdateKeysAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"The {_engine.Name} engine has no packet keys to update.");

    public override ValueTask MigrateAsync(IPEndPoint? localEndPoint = null, CancellationToken cancellationToken = default)
    {
        Require(EngineCapabilities.Migration);
        if (IsServer)
        {
            throw new NotSupportedException("Only a client can move to another address (RFC 9000, section 9).");
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        using MemoryNetwork.Scope scope = Network.Enter();
        if (_close is not null)
        {
            return ValueTask.FromException(_close.ToException());
        }

        IPEndPoint wanted = localEndPoint ?? new IPEndPoint(Link.Client.Address, 0);
        if (Network.TryBind(wanted) is not { } bound)
        {
            return ValueTask.FromException(new TransportException(
                TransportError.ConnectFailed, $"The local address {wanted} is taken; the connection stays on {Link.Client}."));
        }

        _movingTo.Add(bound);
        MemoryWaiter<bool> waiter = StartWait<bool>(cancellationToken);
        SendRoundTrip(peer => peer.FollowPeer(bound), () => EndMigration(waiter, bound));
        return new(waiter.Task);
    }

    /// <summary>Counts what was sent.</summary>
    /// <param name="packets">Packets.</param>
    /// <param name="bytes">Their bytes.</param>
    internal void CountSent(int packets, int bytes)
    {
        _packetsSent += packets;
        _bytesSent += bytes;
    }

    /// <summary>Counts what was received.</summary>
    /// <param name="packets">Packets.</param>
    /// <param name="bytes">Their bytes.</param>
    internal void CountReceived(int packets, int bytes)
    {
        _packetsReceived += packets;
        _bytesReceived += bytes;
    }

    private void FollowPeer(IPEndPoint client)
    {
        if (!Network.FailMigrations)
        {
            Link.MoveClient(client);
            RaisePathChanged(isValidated: true);
        }
    }

    private void EndMigration(MemoryWaiter<bool> waiter, IPEndPoint wanted)
    {
        _movingTo.Remove(wanted);
        bool moved = Link.Client.Equals(wanted);
        RaisePathChanged(moved);
        if (moved)
        {
            EndWait(waiter, true);
            return;
        }

        Network.Unbind(wanted);
        _waits.Remove(waiter);
        waiter.TrySetException(new TransportException(
            TransportError.ConnectFailed, $"The path from {wanted} could not be validated; the connection stays on {Link.Client}."));
    }

    private void RaisePathChanged(bool isValidated)
    {
        var change = new PathChangedEventArgs(LocalEndPoint, RemoteEndPoint, isValidated);
        Raise(() => TransportEvents.Raise(_engine.Name, PathChanged, this, change));
    }

    private void SendRoundTrip(Action<MemoryConnection> there, Action back) => SendFrame(1, peer =>
    {
        there(peer);
        peer.SendFrame(1, _ => back());
    });

    private void Require(EngineCapabilities capability)
    {
        if (!Capabilities.HasFlag(capability))
        {
            throw new NotSupportedException($"The {_engine.Name} engine was made without {capability}.");
        }
    }

    private void StartLiveness(TimeSpan peerIdleTimeout)
    {
        _lastActivity = Network.Now;
        _idleTimeout = (Options.IdleTimeout, peerIdleTimeout) switch
        {
            (var mine, var theirs) when mine == Timeout.InfiniteTimeSpan => theirs,
            (var mine, var theirs) when theirs == Timeout.InfiniteTimeSpan => mine,
            (var mine, var theirs) => mine < theirs ? mine : theirs,
        };
        if (_idleTimeout != Timeout.InfiniteTimeSpan)
        {
            _idleCheck = Network.Schedule(_idleTimeout.Ticks, CheckIdle);
        }

        if (Options.KeepAliveInterval != Timeout.InfiniteTimeSpan)
        {
            _keepAlive = Network.Schedule(Options.KeepAliveInterval.Ticks, KeepAlive);
        }
    }

    private void StopLiveness()
    {
        foreach (IPEndPoint bound in _movingTo.Where(b => !Link.Client.Equals(b)))
        {
            Network.Unbind(bound);
        }

        _idleCheck?.Cancel();
        _keepAlive?.Cancel();
    }

    private void NoteActivity() => _lastActivity = Network.Now;

    // Activity only notes the time; the check looks at it and sleeps on, so that busy connections cost no timers.
    private void CheckIdle()
    {
        long due = _lastActivity + _idleTimeout.Ticks;
        if (Network.Now < due)
        {
            _idleCheck = Network.ScheduleAt(due, CheckIdle);
            return;
        }

        End(new ConnectionClose(
            CloseInitiator.None, TransportError.ConnectionLost, null, null,
            $"Nothing came from the peer for {_idleTimeout} (TransportOptions.IdleTimeout of either side)."));
    }

    private void KeepAlive()
    {
        long due = _lastActivity + Options.KeepAliveInterval.Ticks;
        if (Network.Now < due)
        {
            _keepAlive = Network.ScheduleAt(due, KeepAlive);
            return;
        }

        SendRoundTrip(static _ => { }, static () => { });
        _keepAlive = Network.Schedule(Options.KeepAliveInterval.Ticks, KeepAlive);
    }
}
