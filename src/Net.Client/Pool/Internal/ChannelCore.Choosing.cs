namespace Net.Client.Internal;

// Who may be picked: made anew when it changes, outside the gate, as policies are the user's code.
internal sealed partial class ChannelCore
{
    // A resolver's lists are never empty: without an end point the first has not come yet.
    private bool IsResolving_NeedsGate => Options.Resolver is not null && _endPoints.TrueForAll(static s => s.IsRemoved);

    // End points that are still being connected to for the first time are left out: they neither get calls nor count as failed.
    private RouteChange Rank_NeedsGate(ProtocolRoute route)
    {
        var ranked = new List<RankedCandidate>(_endPoints.Count);
        bool isHopeful = IsResolving_NeedsGate;
        foreach (EndPointState state in _endPoints)
        {
            if (state.IsRemoved || state.Groups.Find(g => g.Route == route) is not { } group)
            {
                continue;
            }

            bool isReady = !group.Pick.IsEmpty;
            isHopeful |= !isReady;
            if (isReady || state.ConnectFailures > 0)
            {
                var candidate = new PickCandidate
                {
                    EndPoint = state.EndPoint,
                    Load = state.Load,
                    Weight = state.EndPoint.Weight,
                    WarmUp = state.WarmUp,
                    Owner = group,
                };
                ranked.Add(new RankedCandidate(candidate, isReady ? state.Seen : HealthState.Unhealthy));
            }
        }

        return new RouteChange(route, ranked, isHopeful);
    }

    private void Rebuild(RouteChange change)
    {
        try
        {
            PrioritySelection selection = PriorityGroups.Select(change.Candidates, Options.Priorities);
            EndPointPicker picker = PriorityGroups.CreatePicker(Options.Balancing, selection, _balancing);
            ConnectionGroup[] groups = [.. picker.Candidates.Select(static c => (ConnectionGroup)c.Owner!)];
            change.Route.Snapshot = new RouteSnapshot(picker, groups, change.IsHopeful);
        }
        catch (Exception exception)
        {
            ClientLog.PolicyFailed(Logger, Options.Balancing.Name, exception);
        }
    }

    /// <summary>Writes down who could be chosen, with scores, and who could not and why.</summary>
    private void Explain(ProtocolRoute route, CallTrace trace, long now)
    {
        RouteSnapshot snapshot = route.Snapshot;
        for (int i = 0; i < snapshot.Groups.Length; i++)
        {
            EndPointState state = snapshot.Groups[i].EndPoint;
            trace.Add(new CallTraceStep(CallTraceStepKind.Candidate, TimeSpan.Zero, state.EndPoint, FormattableString.Invariant($"{state.Load.InFlight} in flight"))
            {
                Score = snapshot.Picker.Score(i, now),
            });
        }

        List<CallTraceStep> excluded = [];
        lock (Gate)
        {
            foreach (EndPointState state in _endPoints)
            {
                if (!Array.Exists(snapshot.Groups, g => g.EndPoint == state))
                {
                    excluded.Add(new CallTraceStep(CallTraceStepKind.Excluded, TimeSpan.Zero, state.EndPoint, WhyExcluded_NeedsGate(state, route, now)));
                }
            }
        }

        excluded.ForEach(trace.Add);
    }

    private static string WhyExcluded_NeedsGate(EndPointState state, ProtocolRoute route, long now)
    {
        (HealthState health, string reason, _) = state.Health(now);
        return state.IsRemoved ? "it was removed"
            : state.LastFailure is { } failure ? "it cannot be connected to: " + failure.Message
            : state.Groups.Find(g => g.Route == route)?.Pick.IsEmpty != false ? "its first connection is not ready"
            : health == HealthState.Healthy ? "its group of priority has no turn" : reason;
    }
}
