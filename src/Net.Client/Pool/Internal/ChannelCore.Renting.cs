using System.Diagnostics;
using System.Globalization;

namespace Net.Client.Internal;

// Leases: at once, after a wait, or refused.
internal sealed partial class ChannelCore
{
    internal bool TryRent(ChannelProtocol protocol, in LeaseRequest request, out ChannelLease lease)
    {
        ProtocolRoute route = GetRoute(protocol);
        lease = default;
        if (State != ChannelState.Open || route.HasWaiters || request.Trace is not null)
        {
            return request.Trace is not null && TryRentTraced(route, request, out lease);
        }

        long now = Clock.Now;
        if (request.Deadline != 0 && now >= request.Deadline)
        {
            return false;
        }

        if (route.TryPick(request, now, out lease) == PickOutcome.Leased)
        {
            return true;
        }

        if (route.HasWaiters)
        {
            // For a moment this pick held a place that it could not use, which another may have been refused for.
            route.Pump();
        }

        return false;
    }

    internal ValueTask<ChannelLease> RentAsync(ChannelProtocol protocol, in LeaseRequest request, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ChannelLease>(cancellationToken);
        }

        if (TryRent(protocol, request, out ChannelLease lease))
        {
            return ValueTask.FromResult(lease);
        }

        return WaitAsync(GetRoute(protocol), request, cancellationToken);
    }

    /// <summary>A lease of a draining channel ended, or one that may have been the last.</summary>
    internal void NoteCompleted()
    {
        if (State != ChannelState.Open)
        {
            Kick();
        }
    }

    /// <summary>Makes the exception for a call that gets no connection. Nothing was sent.</summary>
    internal TransportException Refuse(ProtocolRoute route, PickOutcome outcome, RouteProspect? prospect, string? why = null)
    {
        long now = Clock.Now;
        prospect ??= GetProspect(route, now);
        why = why is null ? "" : " " + why;
        if (State != ChannelState.Open)
        {
            return Draining();
        }

        if (!prospect.HasEndPoint)
        {
            return PickResult.Fail(PickFailure.NoEndPoint).CreateException();
        }

        switch (outcome)
        {
            case PickOutcome.AllUnhealthy:
                return PickResult.Fail(PickFailure.AllUnhealthy).CreateException(RetryAfterBreakers());
            case PickOutcome.CircuitOpen:
                return new TransportException(TransportError.CircuitOpen, $"Every end point of the channel is cut off by its circuit breaker.{why}") { RetryAfter = RetryAfterBreakers() };
            case PickOutcome.NoRoom:
                return new TransportException(
                    TransportError.PoolExhausted,
                    $"No connection of the channel has room for another {route.Protocol} call.{why} See {nameof(PoolOptions)}.{nameof(PoolOptions.MaxConnections)}, {nameof(PoolOptions.MaxStreamsPerConnection)} and the servers' stream limits.")
                {
                    RetryAfter = route.Waiters.Estimate(now),
                };
            default:
                TransportException? last = prospect.LastFailure;
                bool isRejected = last?.Error == TransportError.CertificateRejected;
                return new TransportException(
                    isRejected ? TransportError.CertificateRejected : TransportError.ConnectFailed,
                    $"No end point of the channel is connected for {route.Protocol}.{why}{(last is null ? "" : " The last failure: " + last.Message)}",
                    last)
                {
                    // Nothing was sent; but with the certificates as they are another attempt cannot help.
                    IsSafeToRetry = !isRejected,
                    RetryAfter = prospect.Next > now && prospect.Next != PoolClock.Never ? Clock.Span(prospect.Next - now) : null,
                };
        }
    }

    private bool TryRentTraced(ProtocolRoute route, in LeaseRequest request, out ChannelLease lease)
    {
        CallTrace trace = request.Trace!;
        lease = default;
        long now = Clock.Now;
        Explain(route, trace, now);
        if (State != ChannelState.Open || route.HasWaiters || route.TryPick(request, now, out lease) != PickOutcome.Leased)
        {
            return false;
        }

        trace.Add(new CallTraceStep(CallTraceStepKind.Picked, TimeSpan.Zero, lease.EndPoint, $"policy {Options.Balancing.Name}"));
        NoteLeased(trace, lease, TimeSpan.Zero);
        return true;
    }

    private static void NoteLeased(CallTrace trace, ChannelLease lease, TimeSpan elapsed) => trace.Add(new CallTraceStep(
        CallTraceStepKind.Leased, elapsed, lease.EndPoint, string.Create(CultureInfo.InvariantCulture, $"connection {lease.ConnectionId}, {lease.Session.Protocol}, {lease.Choice}")));

    // Without an async method: a call that is refused or cancelled, as many are under overload, is told by its task and costs no throw.
    private ValueTask<ChannelLease> WaitAsync(ProtocolRoute route, in LeaseRequest request, CancellationToken cancellationToken)
    {
        long started = Clock.Now;
        Activity? activity = PoolDiagnostics.StartWait(route.Protocol);
        TransportException? refusal = RefuseWait(route, request, started, out long limit);
        if (refusal is null)
        {
            var waiter = new Waiter(this, route, request, started, limit, activity, _work.WaiterOptions);
            if (route.Waiters.TryAdd(waiter))
            {
                request.Trace?.Add(new CallTraceStep(CallTraceStepKind.Waiting, TimeSpan.Zero, null, string.Create(CultureInfo.InvariantCulture, $"place {route.Waiters.Count} in the queue")));
                waiter.Arm(Options.TimeProvider, Later(Clock.Span(limit - started)), cancellationToken);

                // What came free before this call stood in the queue woke nobody.
                route.Pump();
                Kick();
                return new ValueTask<ChannelLease>(waiter.Task);
            }

            refusal = Refuse(route, PickOutcome.NoRoom, null, string.Create(CultureInfo.InvariantCulture, $"{Options.Pool.MaxWaiters} calls wait already, which is the limit ({nameof(PoolOptions)}.{nameof(PoolOptions.MaxWaiters)})."));
        }

        request.Trace?.Add(new CallTraceStep(CallTraceStepKind.Refused, TimeSpan.Zero, null, refusal.Message));
        PoolDiagnostics.EndWait(this, route.Protocol, activity, TimeSpan.Zero, refusal);
        return ValueTask.FromException<ChannelLease>(refusal);
    }

    /// <summary>A wait is over; its task is completed next.</summary>
    internal void HandleWaited(Waiter waiter, Activity? activity, in ChannelLease lease, Exception? failure)
    {
        TimeSpan waited = Clock.Elapsed(waiter.Since, Clock.Now);
        if (waiter.Request.Trace is { } trace)
        {
            if (failure is null)
            {
                trace.Add(new CallTraceStep(CallTraceStepKind.Woken, waited, lease.EndPoint, "a place came free"));
                NoteLeased(trace, lease, waited);
            }
            else
            {
                trace.Add(new CallTraceStep(CallTraceStepKind.Refused, waited, null, failure.Message));
            }
        }

        PoolDiagnostics.EndWait(this, waiter.Route.Protocol, activity, waited, failure);
    }

    /// <summary>A wait has lasted as long as it may.</summary>
    internal void HandleTimeout(Waiter waiter)
    {
        TransportException exception;
        if (waiter.Request.Deadline != 0)
        {
            exception = new TransportException(TransportError.DeadlineExceeded, $"The call's deadline passed while it waited for a {waiter.Route.Protocol} connection; nothing was sent.", Refuse(waiter.Route, Prospective(waiter.Route), null))
            {
                IsSafeToRetry = true,
            };
        }
        else
        {
            exception = Refuse(waiter.Route, Prospective(waiter.Route), null, string.Create(
                CultureInfo.InvariantCulture, $"The call waited {Options.Pool.WaitTimeout.TotalSeconds:0.###} s ({nameof(PoolOptions)}.{nameof(PoolOptions.WaitTimeout)})."));
        }

        waiter.TryFail(exception);
    }

    private static PickOutcome Prospective(ProtocolRoute route) =>
        Array.Exists(route.Snapshot.Groups, static g => !g.Pick.IsEmpty) ? PickOutcome.NoRoom : PickOutcome.NotConnected;

    // A wait that cannot end well is refused at once.
    private TransportException? RefuseWait(ProtocolRoute route, in LeaseRequest request, long now, out long limit)
    {
        limit = request.Deadline != 0 ? request.Deadline : Clock.After(now, Options.Pool.WaitTimeout);
        if (State != ChannelState.Open)
        {
            return Draining();
        }

        if (now >= limit && request.Deadline != 0)
        {
            return new TransportException(TransportError.DeadlineExceeded, "The call's deadline had passed before it asked for a connection; nothing was sent.") { IsSafeToRetry = true };
        }

        // Asked once more, without taking anything, so that the reason is the one of now.
        PickOutcome outcome = route.TryPick(request with { Trace = null }, now, out ChannelLease lease);
        if (outcome == PickOutcome.Leased)
        {
            // There is room after all; the queue gives it in its turn.
            lease.Dispose();
            return null;
        }

        RouteProspect prospect = GetProspect(route, now);
        if (outcome < PickOutcome.NotConnected || request.FailFast || prospect.IsRejected || !prospect.HasEndPoint)
        {
            return Refuse(route, outcome, prospect);
        }

        if (outcome == PickOutcome.NotConnected)
        {
            return prospect.Next >= limit ? Refuse(route, outcome, prospect, "The next attempt to connect comes too late for the call.") : null;
        }

        return route.Waiters.Estimate(now) is TimeSpan estimate && Clock.After(now, estimate) > limit
            ? Refuse(route, outcome, prospect, string.Create(CultureInfo.InvariantCulture, $"{route.Waiters.Count} calls wait before it, which takes about {estimate.TotalSeconds:0.###} s and is too long for the call."))
            : null;
    }

    // Those who wait, after something changed.
    private void Serve(ProtocolRoute route)
    {
        route.Pump();
        if (!route.HasWaiters)
        {
            return;
        }

        RouteProspect prospect = GetProspect(route, Clock.Now);
        foreach (Waiter waiter in route.Waiters.ToArray())
        {
            if (!prospect.HasEndPoint || prospect.IsRejected || State != ChannelState.Open || prospect.Next >= waiter.Limit)
            {
                waiter.TryFail(Refuse(route, PickOutcome.NotConnected, prospect, prospect.Next >= waiter.Limit ? "The next attempt to connect comes too late for the call." : null));
            }
        }
    }

    private RouteProspect GetProspect(ProtocolRoute route, long now)
    {
        bool hasEndPoint = false;
        bool isRejected = true;
        long next = PoolClock.Never;
        TransportException? last = null;
        lock (Gate)
        {
            if (IsResolving_NeedsGate)
            {
                return new RouteProspect(true, now, false, null);
            }

            foreach (EndPointState state in _endPoints)
            {
                if (state.IsRemoved || state.Groups.Find(g => g.Route == route) is not { } group)
                {
                    continue;
                }

                hasEndPoint = true;
                bool isUnderWay = !group.Pick.IsEmpty || group.IsConnecting || state.IsConnecting;
                next = PoolClock.Earlier(next, isUnderWay ? now : Math.Max(now, state.NextConnect));
                isRejected &= !isUnderWay && state.LastFailure?.Error == TransportError.CertificateRejected;
                last = state.LastFailure ?? last;
            }
        }

        return new RouteProspect(hasEndPoint, next, hasEndPoint && isRejected, last);
    }

    private TimeSpan? RetryAfterBreakers()
    {
        lock (Gate)
        {
            TimeSpan? soonest = null;
            foreach (EndPointState state in _endPoints)
            {
                TimeSpan? after = state.Breaker?.RetryAfter ?? state.Outlier?.ReturnsAfter;
                soonest = after is not null && (soonest is null || after < soonest) ? after : soonest;
            }

            return soonest;
        }
    }

    private TransportException Draining() => new(TransportError.NoEndPoint, $"The channel '{Options.Name}' is closing and lends no more connections.");
}
