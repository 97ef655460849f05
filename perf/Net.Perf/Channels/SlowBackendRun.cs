using System.Globalization;
using Net.Client;

namespace Net.Perf.Channels;

/// <summary>One client and its backends in simulated time, run once.</summary>
internal sealed class SlowBackendRun
{
    internal const int Workers = 4;
    private const double ServiceMilliseconds = 2;
    private const double Load = 0.6;

    private readonly Random _random;
    private readonly SimulatedClock _clock = new();
    private readonly PriorityQueue<(int Backend, double Begun), double> _ends = new();
    private readonly Backend[] _backends;
    private readonly EndPointPicker _picker;
    private readonly double[] _latencies;
    private int _ended;
    private int _toSlow;

    private SlowBackendRun(BalancingPolicy policy, int seed, double slowdown, int calls)
    {
        _random = new Random(seed);
        _latencies = new double[calls];
        _backends = [.. Enumerable.Range(0, PoolSection.EndPoints).Select(i => new Backend(
            i == 0 ? ServiceMilliseconds * slowdown : ServiceMilliseconds, new EndPointLoad(_clock) { SmoothedRtt = TimeSpan.FromMilliseconds(0.5) }))];
        _picker = policy.CreatePicker(
            [.. _backends.Select((backend, i) => new PickCandidate
            {
                EndPoint = new ChannelEndPoint(new TransportEndPoint(string.Create(CultureInfo.InvariantCulture, $"10.0.0.{i + 1}"), 443)),
                Load = backend.Load,
                Weight = policy == Balancing.Weighted && i > 0 ? (int)slowdown : 1,
            })],
            new BalancingContext { TimeProvider = _clock, Random = new Random(seed) });
    }

    internal double ShareOfSlow => (double)_toSlow / _latencies.Length;

    internal static SlowBackendRun Make(BalancingPolicy policy, int seed, double slowdown, int calls)
    {
        var run = new SlowBackendRun(policy, seed, slowdown, calls);

        // Each backend gets the same from round robin: the slow one is what limits it.
        double mean = ServiceMilliseconds * slowdown / (Load * Workers * PoolSection.EndPoints);
        double now = 0;
        for (int i = 0; i < calls; i++)
        {
            now += run.Exponential(mean);
            run.EndUntil(now);
            run.Begin(now);
        }

        run.EndUntil(double.MaxValue);
        Array.Sort(run._latencies);
        return run;
    }

    internal double Percentile(double part) => _latencies[(int)((_latencies.Length - 1) * part)];

    private void Begin(double now)
    {
        _clock.Milliseconds = now;
        PickResult result = _picker.Pick(new PickContext { Now = _clock.GetTimestamp(), Entropy = (ulong)_random.NextInt64(long.MinValue, long.MaxValue), AffinityHash = (ulong)_random.NextInt64() });
        Backend backend = _backends[result.Index];
        _toSlow += result.Index == 0 ? 1 : 0;
        backend.Load.Begin();
        if (backend.Busy < Workers)
        {
            Serve(result.Index, now, now);
        }
        else
        {
            backend.Queue.Enqueue(now);
        }
    }

    private void Serve(int index, double begun, double now)
    {
        _backends[index].Busy++;
        _ends.Enqueue((index, begun), now + Exponential(_backends[index].Service));
    }

    private void EndUntil(double limit)
    {
        while (_ends.TryPeek(out (int Backend, double Begun) call, out double now) && now <= limit)
        {
            _ends.Dequeue();
            _clock.Milliseconds = now;
            Backend backend = _backends[call.Backend];
            backend.Busy--;
            backend.Load.End(TimeSpan.FromMilliseconds(now - call.Begun), CallOutcome.Success);
            _latencies[_ended++] = now - call.Begun;
            if (backend.Queue.TryDequeue(out double begun))
            {
                Serve(call.Backend, begun, now);
            }
        }
    }

    private double Exponential(double mean) => -mean * Math.Log(1 - _random.NextDouble());

    private sealed class Backend(double service, EndPointLoad load)
    {
        internal double Service => service;

        internal EndPointLoad Load => load;

        internal Queue<double> Queue { get; } = [];

        internal int Busy { get; set; }
    }

    private sealed class SimulatedClock : TimeProvider
    {
        internal double Milliseconds { get; set; }

        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp() => (long)(Milliseconds * 1_000_000);
    }
}
