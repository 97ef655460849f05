using System.Diagnostics;
using System.Globalization;
using Net.Client;
using Net.Perf.Measuring;
using Net.Perf.Reporting;
using Net.Perf.Sections;

namespace Net.Perf.Channels;

/// <summary>What a pick costs with each balancing policy, alone and with the counting of the call.</summary>
internal static class BalancingSection
{
    private const int EndPoints = 8;
    private const int PicksPerRound = 400_000;
    private const int ManyThreads = 16;

    internal static async Task<Report> RunAsync(RunOptions options)
    {
        var report = new Report();
        var figures = new FigureTable(
            $"A pick among {EndPoints} end points, {Pinning.Describe()}",
            ["policy", "pick ns", $"ns, {ManyThreads} threads", "pick and count ns", $"ns, {ManyThreads} threads", "bytes", "rounds"]);
        report.Tables.Add(figures);
        foreach (BalancingPolicy policy in (BalancingPolicy[])[Balancing.RoundRobin, Balancing.LeastConnections, Balancing.Weighted, Balancing.PowerOfTwoChoices,
            Balancing.PeakEwma, Balancing.RingHash()])
        {
            if (options.Wants(policy.Name))
            {
                var subject = new Subject(policy);
                await RunOptions.WarmUpAsync(() => Task.FromResult(subject.Run(1, isCounted: true) + subject.Run(1, isCounted: false))).ConfigureAwait(false);
                long before = GC.GetAllocatedBytesForCurrentThread();
                subject.Loop(isCounted: true, seed: 3, PicksPerRound);
                long bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / PicksPerRound;
                double Median(int threads, bool isCounted) => Statistics.Median(Enumerable.Range(0, options.Pairs).Select(_ => subject.Run(threads, isCounted)).ToArray());
                figures.Add(
                    policy.Name, Format.Number(Median(1, false)), Format.Number(Median(ManyThreads, false)), Format.Number(Median(1, true)), Format.Number(Median(ManyThreads, true)),
                    Format.Number(bytes, 0), Format.Number(options.Pairs, 0));
            }
        }

        figures.Notes.Add(
            "Processor time for each pick, all threads together; every end point has calls in flight, one has failed of late, and weights are 1 to 8 for the weighted policy alone. "
            + "\"And count\" adds the begin and the end of the call in the end point's figures, with the reading of the clock that both share.");
        return report;
    }

    private sealed class Subject
    {
        private readonly EndPointLoad[] _loads = [.. Enumerable.Range(0, EndPoints).Select(static _ => new EndPointLoad(TimeProvider.System))];
        private readonly EndPointPicker _picker;

        internal Subject(BalancingPolicy policy)
        {
            _picker = policy.CreatePicker(
                [.. _loads.Select((load, i) => new PickCandidate
                {
                    EndPoint = new ChannelEndPoint(new TransportEndPoint(string.Create(CultureInfo.InvariantCulture, $"10.0.0.{i + 1}"), 443)),
                    Load = load,
                    Weight = policy == Balancing.Weighted ? i + 1 : 1,
                })],
                new BalancingContext { TimeProvider = TimeProvider.System, Random = new Random(1) });
            foreach (EndPointLoad load in _loads)
            {
                load.SmoothedRtt = TimeSpan.FromMilliseconds(1);
                load.Begin();
                load.Begin();
                load.End(TimeSpan.FromMilliseconds(2), CallOutcome.Success);
            }

            _loads[5].Begin();
            _loads[5].End(TimeSpan.FromMilliseconds(1), CallOutcome.ServerFailure);
        }

        /// <summary>One round.</summary>
        /// <returns>Processor time for each pick, ns.</returns>
        internal double Run(int threads, bool isCounted)
        {
            long cpu = ProcessClock.Own;
            if (threads == 1)
            {
                Loop(isCounted, 1, PicksPerRound);
            }
            else
            {
                Thread[] all = [.. Enumerable.Range(0, threads).Select(t => new Thread(() => Loop(isCounted, t, PicksPerRound / threads)))];
                Array.ForEach(all, static t => t.Start());
                Array.ForEach(all, static t => t.Join());
            }

            return (double)(ProcessClock.Own - cpu) / PicksPerRound;
        }

        internal void Loop(bool isCounted, int seed, int picks)
        {
            ulong entropy = (ulong)seed * 0x9e3779b97f4a7c15;
            long now = Stopwatch.GetTimestamp();
            for (int i = 0; i < picks; i++)
            {
                // Cheap numbers that are random enough to defeat the branch prediction.
                entropy = (entropy * 6364136223846793005) + 1442695040888963407;
                if (isCounted)
                {
                    now = Stopwatch.GetTimestamp();
                }

                PickResult result = _picker.Pick(new PickContext { Now = now, Entropy = entropy ^ (entropy >> 29) });
                if (isCounted)
                {
                    EndPointLoad load = _loads[result.Index];
                    load.Begin();
                    load.End(TimeSpan.FromMilliseconds(2), CallOutcome.Success, now);
                }
            }
        }
    }
}
