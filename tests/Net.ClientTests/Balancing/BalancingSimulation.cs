using System.Globalization;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Balancing;

/// <summary>
/// Clients that call backends in simulated time: calls arrive at random (Poisson) at random clients; a backend has workers, each of which serves one call at a time in a random
/// (exponential) time, and a queue before them. Each client has figures and a picker of its own, as processes have.
/// </summary>
internal sealed class BalancingSimulation
{
    private const int Workers = 4;

    private readonly Random _random;
    private readonly ManualTimeProvider _clock = new();
    private readonly PriorityQueue<Action, double> _events = new();
    private readonly Backend[] _backends;
    private readonly Client[] _clients;
    private double _now;

    internal BalancingSimulation(BalancingPolicy policy, Random random, int clients, params double[] serviceMilliseconds)
    {
        _random = random;
        _backends = [.. serviceMilliseconds.Select(static s => new Backend { Service = s })];
        _clients = [.. Enumerable.Range(0, clients).Select(_ => new Client([.. serviceMilliseconds.Select(_ => new EndPointLoad(_clock) { SmoothedRtt = TimeSpan.FromMilliseconds(1) })]))];
        Policy = policy;
        foreach (Client client in _clients)
        {
            client.Picker = MakePicker(client, default);
        }
    }

    internal BalancingPolicy Policy { get; }

    /// <summary>The time each call took that was answered, in the order of their ends, milliseconds.</summary>
    internal List<double> Latencies { get; } = [];

    /// <summary>When each call began and at which backend.</summary>
    internal List<(double Time, int Backend)> Calls { get; } = [];

    /// <summary>Weights for <see cref="Client.Balancing.Weighted"/>; the others see 1.</summary>
    internal int[]? Weights { get; init; }

    /// <summary>Makes a backend answer so, within 0.1 ms.</summary>
    internal void Fail(int backend, CallOutcome? outcome) => _backends[backend].FailsWith = outcome;

    /// <summary>Makes new pickers for all clients, as after a change of health.</summary>
    internal void Rebuild(Func<int, bool> isIn, int recovered = -1, SlowStartOptions? slowStart = null)
    {
        foreach (Client client in _clients)
        {
            client.Picker = MakePicker(client, slowStart?.Begin(_clock) ?? default, isIn, recovered);
        }
    }

    /// <summary>Runs for a time with so many calls a second in all.</summary>
    internal void Run(double milliseconds, double callsPerSecond)
    {
        double end = _now + milliseconds;
        double mean = 1000 / callsPerSecond;
        void Arrive()
        {
            Call(_clients[_random.Next(_clients.Length)]);
            At(_now + Exponential(mean), Arrive);
        }

        At(_now + Exponential(mean), Arrive);
        while (_events.TryPeek(out _, out double next) && next <= end)
        {
            Action happen = _events.Dequeue();
            _now = Math.Max(_now, next);
            TimeSpan ahead = TimeSpan.FromTicks((long)(_now * TimeSpan.TicksPerMillisecond)) - _clock.Elapsed;
            _clock.Advance(ahead > TimeSpan.Zero ? ahead : TimeSpan.Zero);
            happen();
        }

        // What is still running belongs to a next run, but its arrivals do not.
        (Action Element, double Priority)[] left = [.. _events.UnorderedItems.Where(e => e.Element != Arrive)];
        _events.Clear();
        _events.EnqueueRange(left);
        _now = end;
    }

    /// <summary>The part of the calls begun in a span of time that went to a backend.</summary>
    internal double Share(int backend, double from, double to)
    {
        int[] calls = [.. Calls.Where(c => c.Time >= from && c.Time < to).Select(c => c.Backend)];
        return (double)calls.Count(b => b == backend) / calls.Length;
    }

    internal double Percentile(double part)
    {
        double[] sorted = [.. Latencies.Order()];
        return sorted[(int)(sorted.Length * part)];
    }

    private EndPointPicker MakePicker(Client client, WarmUp warmUp, Func<int, bool>? isIn = null, int recovered = -1) => Policy.CreatePicker(
        [.. Enumerable.Range(0, _backends.Length).Where(i => isIn?.Invoke(i) ?? true).Select(i => new PickCandidate
        {
            EndPoint = new ChannelEndPoint(new TransportEndPoint(string.Create(CultureInfo.InvariantCulture, $"10.0.0.{i + 1}"), 443)),
            Load = client.Loads[i],
            Weight = Weights?[i] ?? 1,
            WarmUp = i == recovered ? warmUp : default,
            Owner = i,
        })],
        new BalancingContext { TimeProvider = _clock, Random = _random });

    private void Call(Client client)
    {
        PickResult result = client.Picker!.Pick(new PickContext { Now = _clock.GetTimestamp(), Entropy = (ulong)_random.NextInt64(long.MinValue, long.MaxValue) });
        int index = (int)client.Picker.Candidates[result.Index].Owner!;
        EndPointLoad load = client.Loads[index];
        Backend backend = _backends[index];
        double begun = _now;
        load.Begin();
        Calls.Add((begun, index));
        if (backend.FailsWith is CallOutcome failure)
        {
            At(_now + 0.1, () => load.End(TimeSpan.FromMilliseconds(0.1), failure));
            return;
        }

        void Serve() => At(_now + Exponential(backend.Service), () =>
        {
            load.End(TimeSpan.FromMilliseconds(_now - begun), CallOutcome.Success);
            Latencies.Add(_now - begun);
            if (backend.Queue.TryDequeue(out Action? next))
            {
                next();
            }
            else
            {
                backend.Busy--;
            }
        });
        if (backend.Busy < Workers)
        {
            backend.Busy++;
            Serve();
        }
        else
        {
            backend.Queue.Enqueue(Serve);
        }
    }

    private void At(double time, Action happen) => _events.Enqueue(happen, time);

    private double Exponential(double mean) => -mean * Math.Log(1 - _random.NextDouble());

    private sealed class Client(EndPointLoad[] loads)
    {
        internal EndPointLoad[] Loads { get; } = loads;

        internal EndPointPicker? Picker { get; set; }
    }

    private sealed class Backend
    {
        internal required double Service { get; init; }

        internal CallOutcome? FailsWith { get; set; }

        internal int Busy { get; set; }

        internal Queue<Action> Queue { get; } = [];
    }
}
