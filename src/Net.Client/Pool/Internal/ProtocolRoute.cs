namespace Net.Client.Internal;

/// <summary>All that serves one protocol, over all end points: the snapshot that picks go by, and the queue of those who wait.</summary>
internal sealed class ProtocolRoute
{
    private readonly ChannelCore _core;
    private RouteSnapshot _snapshot = RouteSnapshot.Nothing;
    private int _pumps;

    internal ProtocolRoute(ChannelCore core, ChannelProtocol protocol)
    {
        _core = core;
        Protocol = protocol;
        Waiters = new WaiterQueue(core.Options.Pool.MaxWaiters, core.Clock);
    }

    internal ChannelProtocol Protocol { get; }

    internal WaiterQueue Waiters { get; }

    internal bool HasWaiters => Waiters.Count > 0;

    /// <summary>Whether the snapshot no longer fits what is known. Under the gate.</summary>
    internal bool IsStale { get; set; } = true;

    internal RouteSnapshot Snapshot
    {
        get => Volatile.Read(ref _snapshot);
        set => Volatile.Write(ref _snapshot, value);
    }

    /// <summary>Chooses an end point and takes a place on one of its connections. No lock, no allocation.</summary>
    internal PickOutcome TryPick(in LeaseRequest request, long now, out ChannelLease lease)
    {
        RouteSnapshot snapshot = Snapshot;
        int words = (snapshot.Groups.Length + 63) >> 6;
        Span<ulong> avoid = words <= RouteSnapshot.MaxStackWords ? stackalloc ulong[RouteSnapshot.MaxStackWords] : new ulong[words];
        avoid = avoid[..words];
        avoid.Clear();
        bool hasTried = request.Tried is { Count: > 0 } && snapshot.Mark(request.Tried, avoid);
        bool isMarked = hasTried;
        PickOutcome worst = PickOutcome.NoEndPoint;
        ulong entropy = _core.Entropy.Next();
        while (true)
        {
            PickResult result = snapshot.Picker.Pick(new PickContext
            {
                Now = now,
                Entropy = entropy,
                AffinityHash = request.AffinityHash,
                Avoid = isMarked ? avoid : default,
            });
            if (result.Kind == PickKind.Connect)
            {
                PickOutcome outcome = snapshot.Groups[result.Index].TryLease(now, out lease);
                if (outcome == PickOutcome.Leased)
                {
                    return outcome;
                }

                NotePassedOver(request, snapshot, result.Index, outcome);
                worst = outcome > worst ? outcome : worst;
                avoid[result.Index >> 6] |= 1UL << (result.Index & 63);
                isMarked = true;
                entropy = Chance.Mix(entropy);
                continue;
            }

            if (hasTried && result.Failure == PickFailure.AllAvoided)
            {
                // All others have been asked: rather one that was tried before than none. Those that refused just now refuse again.
                hasTried = isMarked = false;
                avoid.Clear();
                continue;
            }

            lease = default;
            return result.Kind == PickKind.Wait ? PickOutcome.NoRoom : snapshot.Conclude(result.Failure, worst);
        }
    }

    /// <summary>Serves those who wait, in their order, as far as there is room.</summary>
    internal void Pump()
    {
        // One at a time; whoever comes meanwhile has it look once more.
        if (Interlocked.Increment(ref _pumps) != 1)
        {
            return;
        }

        int seen;
        do
        {
            seen = Volatile.Read(ref _pumps);
            while (Waiters.First is { } waiter && Serve(waiter))
            {
            }
        }
        while (Interlocked.Add(ref _pumps, -seen) != 0);
    }

    private bool Serve(Waiter waiter)
    {
        long now = _core.Clock.Now;
        PickOutcome outcome = TryPick(waiter.Request, now, out ChannelLease lease);
        switch (outcome)
        {
            case PickOutcome.Leased:
                Waiters.NoteServed(now);
                if (!waiter.TrySucceed(lease))
                {
                    lease.Dispose();
                }

                return true;
            case PickOutcome.NoRoom or PickOutcome.NotConnected:
                return false;
            default:
                waiter.TryFail(_core.Refuse(this, outcome, null));
                return true;
        }
    }

    private static void NotePassedOver(in LeaseRequest request, RouteSnapshot snapshot, int index, PickOutcome outcome) =>
        request.Trace?.Add(new CallTraceStep(CallTraceStepKind.PassedOver, TimeSpan.Zero, snapshot.Groups[index].EndPoint.EndPoint, outcome switch
        {
            PickOutcome.NoRoom => "its connections have no room",
            PickOutcome.NotConnected => "it has no connection that takes calls",
            _ => "its breaker lets nothing through",
        }));
}
