using System.Globalization;
using Net.Chaos.Ledgers;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Judging;

/// <summary>Says of a run whether anything was lost: N1 to N6, the proof of the faults, and the bounds of the scenario.</summary>
/// <remarks>
/// <para>N1: every call has exactly one outcome, at the latest a quarter of a second after its deadline. N2: what succeeded was executed, exactly once unless it may be done twice; what was refused was
/// executed by nobody. N3: nobody knows what became of a call only if it was under way during a fault. N4: what arrived is what was sent, both ways. N5: acknowledged writes are there. N6: when the
/// faults are over, everything succeeds within <see cref="RecoveryTime"/>, and nothing is left behind.</para>
/// <para>A scenario counts only if each of its faults is proved to have happened.</para>
/// </remarks>
internal static class Judge
{
    /// <summary>How long after its deadline an outcome may come.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    /// <summary>How long after the last fault calls may still fail.</summary>
    internal static readonly TimeSpan RecoveryTime = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan BurstTime = TimeSpan.FromSeconds(2);

    /// <summary>Judges a run.</summary>
    /// <returns>All findings, those that hold included, in a fixed order.</returns>
    internal static IReadOnlyList<Finding> Run(Scenario scenario, RunEvidence evidence)
    {
        var findings = new List<Finding>
        {
            JudgeOutcomes(evidence),
            JudgeExecutions(evidence),
            JudgeUnknown(evidence),
            JudgeIntegrity(evidence),
        };
        if (scenario.Loads.Any(static l => l.Kind == LoadKind.Write))
        {
            findings.Add(JudgeWrites(evidence));
        }

        findings.Add(JudgeRecovery(scenario, evidence));
        findings.AddRange(evidence.Faults.Select(static fault => new Finding(
            "proof", $"{fault.Word} on {fault.Target} happened", string.Create(CultureInfo.InvariantCulture, $"{fault.Proof} {fault.ProofOf}"), fault.Proof > 0)));
        findings.AddRange(scenario.Loads.Where(static l => l.Burst > 0).Select(load => ProveBurst(load, evidence)));
        findings.AddRange(scenario.Loads.Where(static l => l.Kind == LoadKind.Slow).Select(load => ProveSlowness(load, evidence)));
        IReadOnlyDictionary<string, double> figures = FigureCounter.Count(evidence);
        foreach (Bound bound in scenario.Bounds)
        {
            bool isKnown = figures.TryGetValue(bound.Figure, out double value);
            findings.Add(new Finding(bound.Figure, bound.ToString(), isKnown ? value.ToString("0.######", CultureInfo.InvariantCulture) : "was not measured", isKnown && bound.Holds(value)));
        }

        return findings;
    }

    internal static Finding JudgeOutcomes(RunEvidence evidence)
    {
        int hung = evidence.Calls.Count(static c => c.Outcomes == 0);
        int many = evidence.Calls.Count(static c => c.Outcomes > 1);
        CallRecord[] late = [.. evidence.Calls.Where(static c => c.Outcomes > 0 && c.Ended > c.Deadline + Grace)];
        TimeSpan latest = late.Length == 0 ? TimeSpan.Zero : late.Max(static c => c.Ended - c.Deadline);
        return new Finding(
            "N1", "every call has one outcome by its deadline",
            string.Create(CultureInfo.InvariantCulture, $"{evidence.Calls.Count} calls: {hung} without, {many} with several, {late.Length} late{(late.Length > 0 ? $" (by up to {latest.TotalMilliseconds:0} ms)" : "")}"),
            evidence.Calls.Count > 0 && hung == 0 && many == 0 && late.Length == 0);
    }

    internal static Finding JudgeExecutions(RunEvidence evidence)
    {
        const string text = "what succeeded was executed, once where it must be; what was refused was not";
        if (evidence.Server is not { } server)
        {
            return new Finding("N2", text, "not judged: the hosts keep no ledger", true);
        }

        int missing = 0;
        int twice = 0;
        int refused = 0;
        CallRecord? first = null;
        foreach (CallRecord call in evidence.Calls)
        {
            int executions = server.Find(call.Id)?.Executions ?? 0;
            bool isMissing = call.Result == CallResult.Ok && executions == 0;
            bool isTwice = !call.IsIdempotent && executions > 1;
            bool isRefused = call.Result == CallResult.Refused && executions > 0;
            missing += isMissing ? 1 : 0;
            twice += isTwice ? 1 : 0;
            refused += isRefused ? 1 : 0;
            first ??= isMissing || isTwice || isRefused ? call : null;
        }

        return new Finding(
            "N2", text, string.Create(CultureInfo.InvariantCulture, $"{server.Count} executed: {missing} successes missing, {twice} done twice, {refused} refused and done, {server.BadLines} lines unreadable{(first is null ? "" : $"; the first: {Describe(first, server)}")}"),
            missing == 0 && twice == 0 && refused == 0 && server.BadLines == 0);
    }

    private static string Describe(CallRecord call, ServerLedger server) => string.Create(
        CultureInfo.InvariantCulture,
        $"{call.Id:x32} of {call.Load}, begun at {call.Began.TotalSeconds:0.000} s, {call.Result} after {(call.Ended - call.Began).TotalMilliseconds:0} ms and {call.Attempts} attempts at {string.Join(", ", call.Hosts)}, executed by {string.Join(", ", server.Find(call.Id)?.Hosts ?? [])}");

    internal static Finding JudgeUnknown(RunEvidence evidence)
    {
        CallRecord[] unknown = [.. evidence.Calls.Where(static c => c.Result == CallResult.Unknown)];
        int unexplained = unknown.Count(call => !evidence.Faults.Any(fault => call.Began <= fault.Ended && call.Ended >= fault.Began));
        return new Finding(
            "N3", "only calls under way during a fault have an unknown fate",
            string.Create(CultureInfo.InvariantCulture, $"{unknown.Length} unknown, {unexplained} of them without a fault"), unexplained == 0);
    }

    internal static Finding JudgeIntegrity(RunEvidence evidence)
    {
        int changed = 0;
        int wrong = 0;
        foreach (CallRecord call in evidence.Calls)
        {
            wrong += call.HadWrongAnswer ? 1 : 0;
            if (call.Request is { } request && evidence.Server?.Find(call.Id) is { } entry && (entry.WasChanged || entry.Request != request))
            {
                changed++;
            }
        }

        long messages = evidence.Streams.Sum(static s => s.Wrong);
        return new Finding(
            "N4", "what arrives is what was sent, in its place",
            string.Create(CultureInfo.InvariantCulture, $"{changed} requests changed, {wrong} wrong answers, {messages} of {evidence.Streams.Sum(static s => s.Received + s.Wrong)} stream messages wrong"),
            changed == 0 && wrong == 0 && messages == 0);
    }

    // The calls of a burst must have begun together, or it was none.
    private static Finding ProveBurst(LoadPlan load, RunEvidence evidence)
    {
        TimeSpan[] begun = [.. evidence.Calls.Where(c => c.Load == load.Name).Select(static c => c.Began).Order()];
        int most = 0;
        for (int first = 0, last = 0; last < begun.Length; last++)
        {
            while (begun[last] - begun[first] > BurstTime)
            {
                first++;
            }

            most = Math.Max(most, last - first + 1);
        }

        return new Finding(
            "proof", string.Create(CultureInfo.InvariantCulture, $"{load.Name}: its {load.Burst} calls at once were begun within {BurstTime.TotalSeconds:0} s"),
            string.Create(CultureInfo.InvariantCulture, $"{most} calls"), most >= load.Burst);
    }

    // Whoever is between has taken more than the reader has, and does not take more for ever.
    private static Finding ProveSlowness(LoadPlan load, RunEvidence evidence)
    {
        StreamRecord[] streams = [.. evidence.Streams.Where(s => s.Load == load.Name)];
        int held = streams.Count(static s => s.Received > 0 && s.Sent > s.Received);
        return new Finding(
            "proof", $"{load.Name}: every stream was read, and more had been written than was read",
            string.Create(CultureInfo.InvariantCulture, $"{held} of {streams.Length} streams"), held == streams.Length && held > 0);
    }

    private static Finding JudgeWrites(RunEvidence evidence) => new(
        "N5", "acknowledged writes are there",
        string.Create(CultureInfo.InvariantCulture, $"{evidence.ReadWrites} read back, {evidence.LostWrites.Count} lost{(evidence.LostWrites.Count > 0 ? $", the first: {evidence.LostWrites[0]}" : "")}"),
        evidence.LostWrites.Count == 0 && evidence.ReadWrites > 0);

    private static Finding JudgeRecovery(Scenario scenario, RunEvidence evidence)
    {
        // A burst is over when its last call has begun, which is soon after the first.
        bool hasBurst = scenario.Loads.Any(static l => l.Burst > 0) && evidence.Calls.Count > 0;
        TimeSpan healed = evidence.Faults.Count > 0 ? evidence.Faults.Max(static f => f.Ended) + RecoveryTime
            : hasBurst ? evidence.Calls.Min(static c => c.Began) + BurstTime + RecoveryTime : TimeSpan.Zero;
        CallRecord[] after = [.. evidence.Calls.Where(c => c.Began >= healed && c.Began <= evidence.LoadEnded)];
        int bad = after.Count(static c => c.Result != CallResult.Ok);
        string leftovers = evidence.Leftovers.Count == 0 ? "nothing left behind" : "left behind: " + string.Join(", ", evidence.Leftovers);
        string calls = after.Length == 0
            ? string.Create(CultureInfo.InvariantCulture, $"no call began later than {RecoveryTime.TotalSeconds:0} s after the last fault; make duration longer")
            : string.Create(CultureInfo.InvariantCulture, $"{after.Length} calls later than {RecoveryTime.TotalSeconds:0} s after the last fault, {bad} of them without success");
        return new Finding("N6", "when the faults are over, everything succeeds and nothing is left behind", $"{calls}; {leftovers}", after.Length > 0 && bad == 0 && evidence.Leftovers.Count == 0);
    }
}
