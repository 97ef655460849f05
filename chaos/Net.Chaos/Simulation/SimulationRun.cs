using System.Globalization;
using Net.Chaos.Judging;
using Net.Chaos.Ledgers;
using Net.Chaos.Simulation.Datagrams;
using Net.Chaos.Simulation.Faults;
using Net.Chaos.Simulation.Frames;
using Net.Client;

namespace Net.Chaos.Simulation;

/// <summary>One run: a cluster under faults, then without, judged at every step and in the end.</summary>
/// <remarks>
/// <code>
///  0 ── load ──► FaultsBegin ── faults ──► FaultsEnd ── Recovery ──► ── Liveness: all must succeed ──► load ends ── calls end ──► nothing may be left
/// </code>
/// </remarks>
internal sealed class SimulationRun
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(10);

    // A closing connection is remembered for three probe timeouts (RFC 9000, section 10.2), and a node that was frozen has seen round-trip times of seconds.
    private static readonly TimeSpan TransportSettling = TimeSpan.FromMinutes(3);
    private const int AnswersThatClose = 6;
    private readonly SimulationOptions _options;
    private readonly SimulationWorld _world;
    private readonly SimulatedCluster _cluster;
    private readonly SimulatedServer[] _servers;
    private readonly SimulatedClient[] _clients;
    private readonly ClientLedger _calls;
    private readonly ServerLedger _executions = new();
    private readonly SimulatedFault[] _faults;
    private readonly int[] _kept;
    private readonly List<Finding> _findings = [];

    private SimulationRun(SimulationOptions options)
    {
        _options = options;
        var seeds = new Random(options.Seed);
        _world = new SimulationWorld(seeds.Next(), options.KeepsTrace);
        IReadOnlyList<SimulatedFault> faults = FaultSchedule.Draw(new Random(seeds.Next()), options);
        faults = options.Faults ?? faults;
        _kept = [.. Enumerable.Range(1, faults.Count).Where(i => options.Keep?.Contains(i) ?? true)];
        _faults = [.. _kept.Select(i => faults[i - 1])];
        _servers = [.. Enumerable.Range(1, options.Hosts).Select(i => new SimulatedServer(_world, string.Create(CultureInfo.InvariantCulture, $"h{i}"), _executions, options.Parts))];
        bool hasDrivers = options.Engine == SimulatedEngineKind.Ngtcp2;
        _cluster = hasDrivers ? new DriverCluster(_world, options, _servers) : new FrameCluster(_world, options, _servers);
        _calls = new ClientLedger(_world.Clock, new Random(seeds.Next()));
        _clients = [.. Enumerable.Range(0, options.Clients).Select(i => new SimulatedClient(
            _world, options, i, _cluster.EngineOf(i), MakeTls(hasDrivers, i), _calls, new Random(seeds.Next())))];
    }

    // Every third client keeps no tickets, so that full handshakes go on meeting the same faults.
    private SimulatedTls MakeTls(bool hasDrivers, int client)
    {
        if (!hasDrivers)
        {
            return new SimulatedTls(SimulatedIdentities.Client);
        }

        if ((_options.Seed + client) % 3 == 0)
        {
            return new SimulatedTls(SimulatedIdentities.MutualClient);
        }

        var tickets = new InMemorySessionTicketStore(_world.Clock);
        return new SimulatedTls(generation => SimulatedIdentities.MutualClient(generation) with { TicketStore = tickets });
    }

    private TimeSpan LoadEnd => _options.FaultsEnd + _options.Recovery + _options.Liveness;

    /// <summary>Runs a simulation on a thread of its own, whose stack is deep enough for everything to go on inside.</summary>
    internal static SimulationOutcome Run(SimulationOptions options)
    {
        const int stack = 16 << 20;
        SimulationOutcome? outcome = null;
        System.Runtime.ExceptionServices.ExceptionDispatchInfo? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    outcome = new SimulationRun(options).Run();
                }
                catch (Exception exception)
                {
                    failure = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(exception);
                }
            },
            stack) { Name = "simulation" };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return outcome!;
    }

    private SimulationOutcome Run()
    {
        try
        {
            var driver = new FaultDriver(_world, _cluster, _clients);
            foreach (SimulatedFault fault in _faults)
            {
                driver.Plan(fault);
            }

            foreach (SimulatedClient client in _clients)
            {
                client.Load(LoadEnd);
            }

            while (_world.Now < LoadEnd && _findings.Count == 0)
            {
                _world.RunUntil(_world.Now + Step);
                CheckHangs();
            }

            if (_findings.Count == 0)
            {
                CheckBreakers();
                _world.RunUntil(LoadEnd + Settling);
                Judge();
                CheckLeases();
            }

            ulong hash = _world.Trace.Hash;
            _world.Trace.Close();
            CloseAll();
            return MakeOutcome(hash);
        }
        finally
        {
            _world.Clock.Open();
            _cluster.Close();
        }
    }

    private SimulationOutcome MakeOutcome(ulong hash) => new()
    {
        Seed = _options.Seed,
        Faults = _faults,
        Kept = _kept,
        Findings = _findings,
        Hash = hash,
        Trace = _world.Trace.Lines,
        Touched = _cluster.CountTouched(),
        Moves = _cluster.CountMoves(),
        Resumed = _servers.Sum(static s => s.Resumed),
        Early = _servers.Sum(static s => s.Early.Count),
        Calls = _calls.Records.Count,
        GrpcCalls = _clients.Sum(static c => c.GrpcCalls),
        Rejected = _servers.Sum(static s => s.Rejected),
        GoAways = _servers.Sum(static s => s.GoAways),
        Blocked = _servers.Sum(static s => s.Blocked),
        Succeeded = _calls.Records.Count(static c => c.Result == CallResult.Ok),
    };

    // N1 while it runs, so that a call that hangs does not hide behind what comes later.
    private void CheckHangs()
    {
        TimeSpan now = _calls.Now;
        CallRecord? hung = _clients.SelectMany(static c => c.Running).Select(static c => c.Record).FirstOrDefault(c => c.Outcomes == 0 && now > c.Deadline + Judging.Judge.Grace);
        if (hung is not null)
        {
            Find("N1", "every call has one outcome by its deadline", $"the call {hung.Id:x32} of {hung.Client}, begun at {Seconds(hung.Began)}, has none at {Seconds(now)}; its deadline was {Seconds(hung.Deadline)}");
        }
    }

    private void Judge()
    {
        // What a fault has broken may show later, as long as calls may still fail.
        FaultRecord[] faults = [.. _faults.Select(f => new FaultRecord
        {
            Word = f.Kind.ToString(),
            Target = f.ToString(),
            Began = f.At,
            Ended = f.End + _options.Recovery,
            Hosts = [],
            Proof = 1,
            ProofOf = "",
        })];
        var evidence = new RunEvidence { Calls = _calls.Records, Server = _executions, Faults = faults, LoadEnded = LoadEnd };
        _findings.Add(Judging.Judge.JudgeOutcomes(evidence));
        _findings.Add(Judging.Judge.JudgeExecutions(evidence));
        _findings.Add(Judging.Judge.JudgeUnknown(evidence));
        _findings.Add(Judging.Judge.JudgeIntegrity(evidence));
        JudgeEarly();
        CallRecord[] late = [.. _calls.Records.Where(c => c.Began >= LoadEnd - _options.Liveness)];
        CallRecord[] bad = [.. late.Where(static c => c.Result != CallResult.Ok)];
        _findings.Add(new Finding(
            "N6", "when the faults are over, everything succeeds",
            bad.Length == 0 ? $"{late.Length} calls" : $"{bad.Length} of {late.Length} calls did not, the first at {Seconds(bad[0].Began)}: {bad[0].Result}, {bad[0].Detail}",
            late.Length > 0 && bad.Length == 0));
    }

    private void JudgeEarly()
    {
        HashSet<UInt128> early = [.. _servers.SelectMany(static s => s.Early)];
        int bad = _calls.Records.Count(c => !c.IsIdempotent && early.Contains(c.Id));
        _findings.Add(new Finding(
            "N2", "only what may be executed twice travels as early data", string.Create(CultureInfo.InvariantCulture, $"{early.Count} calls did, {bad} of them against their will"), bad == 0));
    }

    private void CheckBreakers()
    {
        foreach (SimulatedClient client in _clients)
        {
            foreach (EndPointSnapshot endPoint in client.Pool.GetSnapshot().EndPoints)
            {
                // Balancing may have no use for an end point that was slow or has no connection: its breaker then waits half-open for calls. Those that came must have closed it.
                bool hadCalls = client.CountAnswers(endPoint.EndPoint) >= AnswersThatClose;
                if (endPoint.Breaker == BreakerState.Open || (endPoint.Breaker != BreakerState.Closed && hadCalls))
                {
                    Find("N6", "breakers close when the faults are over", $"that of {client.Name} to {endPoint.EndPoint} is {endPoint.Breaker} at {Seconds(_world.Now)}");
                }
            }
        }
    }

    // Every call has ended: all that was counted for them must be given back.
    private void CheckLeases()
    {
        foreach (SimulatedClient client in _clients)
        {
            ChannelSnapshot pool = client.Pool.GetSnapshot();
            int leases = pool.EndPoints.Sum(static e => e.Connections.Sum(static c => c.Leases));
            int inFlight = pool.EndPoints.Sum(static e => e.InFlight);
            int requests = client.Sessions.Sum(static s => s.ActiveStreams);
            if (requests != 0 || pool.InFlight != 0 || pool.Waiters != 0 || leases != 0 || inFlight != 0 || client.Running.Count != 0)
            {
                Find("N6", "nothing is left behind", $"{client.Name} has {pool.InFlight} calls in flight, {inFlight} at its end points, {pool.Waiters} waiters, {leases} leases, {requests} requests, {client.Running.Count} callers");
            }
        }

        foreach (SimulatedServer server in _servers.Where(static s => s.Running != 0))
        {
            Find("N6", "nothing is left behind", $"{server.Running} handlers still run on {server.Name}");
        }

        // Longer ago than a connection lives without a sign of life.
        foreach (SimulatedServer server in _servers.Where(static s => s.Lingering != 0))
        {
            Find("N6", "nothing is left behind", $"{server.Lingering} connections to {server.Name} are open although it sent GOAWAY");
        }
    }

    // Closing may use other threads, as it stops checks that are under way; the seed's order has been noted by then.
    private void CloseAll()
    {
        _world.Clock.Open();
        Task closing = Task.WhenAll(_clients.Select(static c => c.Pool.DisposeAsync().AsTask()));
        for (long began = Environment.TickCount64; !closing.IsCompleted && Environment.TickCount64 - began < ClosingTime.TotalMilliseconds; Thread.Yield())
        {
            _world.RunUntil(_world.Now + Step);
        }

        if (_findings.Any(static f => !f.Holds))
        {
            return;
        }

        if (!closing.IsCompletedSuccessfully)
        {
            Find("N6", "nothing is left behind", $"a pool does not close: {closing.Exception?.InnerException?.Message ?? "it waits"}");
            return;
        }

        _world.RunUntil(_world.Now + TransportSettling);
        if (_cluster.DescribeLeftovers() is { Length: > 0 } connections)
        {
            Find("N6", "nothing is left behind", connections);
        }
        else if (_clients.Sum(static c => c.Sessions.Count) is > 0 and int sessions)
        {
            Find("N6", "nothing is left behind", string.Create(CultureInfo.InvariantCulture, $"{sessions} sessions of HTTP/3 are not given back"));
        }
        else if (_world.Clock.ActiveTimers > 0)
        {
            Find("N6", "nothing is left behind", string.Create(CultureInfo.InvariantCulture, $"{_world.Clock.ActiveTimers} timers are set"));
        }
    }

    private void Find(string rule, string text, string found) => _findings.Add(new Finding(rule, text, found, false));

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.000} s");
}
