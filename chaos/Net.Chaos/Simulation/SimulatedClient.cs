using System.Globalization;
using Net.Chaos.Ledgers;
using Net.Chaos.Running.Loads;
using Net.Chaos.Simulation.Http;
using Net.Client;
using Net.Grpc;
using Net.Http3;

namespace Net.Chaos.Simulation;

/// <summary>A client: the real pool, breakers, health checks, retries and balancing, and callers that use them.</summary>
internal sealed class SimulatedClient
{
    private static readonly TimeSpan LongestHandOver = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestStream = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly SimulationWorld _world;
    private readonly SimulationOptions _options;
    private readonly SimulationParts _parts;
    private readonly Random _random;
    private readonly ClientLedger _ledger;
    private readonly SimulatedCallHandler _handler;
    private readonly RawStreamChannelProtocol _protocol = new();
    private readonly SimulatedHttpProtocol _http;
    private readonly SimulatedGrpc _grpc;
    private readonly CallRunner _runner;
    private readonly CallPolicy _retries;
    private readonly CallPolicy _hedges;
    private readonly List<SimulatedCall> _running = [];

    internal SimulatedClient(SimulationWorld world, SimulationOptions options, int number, TransportEngine engine, SimulatedTls tls, ClientLedger ledger, Random random)
    {
        _world = world;
        _options = options;
        _parts = options.Parts;
        _random = random;
        _ledger = ledger;
        Tls = tls;
        Name = string.Create(CultureInfo.InvariantCulture, $"c{number + 1}");
        _handler = _parts.MakeHandler(world.Clock);
        world.After(options.FaultsEnd, _handler.Answered.Clear);
        _http = new SimulatedHttpProtocol(
            new Http3ConnectionOptions
            {
                Continuations = world.Continuations,
                QpackDecoderTableCapacity = (uint)options.Seed % 4 == 0 ? 0 : 4096,
                QpackBlockedStreams = (int)((uint)options.Seed % 3) * 8,
            },
            world.Clock);
        Pool = new NetChannel(MakePool(options, engine), world.Work);
        Pool.Changed += (_, e) => world.Trace.Note(e.Kind.ToString(), e.ConnectionId, $"{Name} {e.EndPoint?.Address}");
        _runner = new CallRunner(Pool, new CallRunnerOptions { Name = Name, Random = new Random(random.Next()) });
        var timeouts = new TimeoutOptions { PerAttempt = TimeSpan.FromMilliseconds(500) };
        _retries = new CallPolicy { Retry = new RetryOptions { InitialBackoff = TimeSpan.FromMilliseconds(50), MaxBackoff = Second }, Timeouts = timeouts };
        _hedges = new CallPolicy { Hedging = new HedgingOptions { Delay = TimeSpan.FromMilliseconds(50) }, Timeouts = timeouts };
        _grpc = new SimulatedGrpc(world, Pool, _runner, _http, _protocol, _parts, (_retries, _hedges));
    }

    internal string Name { get; }

    internal NetChannel Pool { get; }

    internal SimulatedTls Tls { get; }

    /// <summary>Calls without an outcome.</summary>
    internal IReadOnlyCollection<SimulatedCall> Running => _running;

    /// <summary>Sessions of HTTP/3 that are not given back.</summary>
    internal IReadOnlyCollection<SimulatedHttpSession> Sessions => _http.Sessions;

    /// <summary>Calls that went as gRPC.</summary>
    internal int GrpcCalls { get; private set; }

    /// <summary>Calls that an end point has answered since the faults were over.</summary>
    internal int CountAnswers(ChannelEndPoint endPoint) => _handler.Answered.GetValueOrDefault(endPoint);

    /// <summary>Begins calls, one after the other and whatever becomes of them, until a time.</summary>
    internal void Load(TimeSpan until)
    {
        if (_world.Now >= until)
        {
            return;
        }

        Begin();
        _world.After(Second / _options.Rate * (0.5 + _random.NextDouble()), () => Load(until));
    }

    /// <summary>Callers give up.</summary>
    /// <param name="share">Which part of them.</param>
    internal void Cancel(double share)
    {
        foreach (SimulatedCall call in _running.ToArray())
        {
            if (_random.NextDouble() >= share)
            {
                continue;
            }

            if (call.Sending > 0 || !call.IsInChannel)
            {
                call.Cancel();
                continue;
            }

            // A pause before another attempt ends on another thread when it is cancelled. While this one waits for it, the order stays one.
            _world.Clock.Lend(() =>
            {
                call.Cancel();
                if (!call.Run.Wait(LongestHandOver))
                {
                    throw new SimulationException($"The call {call.Record.Id:x32} does not end although its caller has given up.");
                }
            });
        }
    }

    private NetChannelOptions MakePool(SimulationOptions options, TransportEngine engine) => new()
    {
        Name = Name,
        EndPoints = [.. Enumerable.Range(0, options.Hosts).Select(static h => new ChannelEndPoint(new TransportEndPoint(SimulatedCluster.AddressOf(h).Address.ToString(), SimulatedCluster.Port)) { ServerName = SimulatedCluster.ServerName })],
        WarmUp = options.GrpcShare > 0 ? [_protocol, _http] : [_protocol],
        Tls = Tls,
        Engine = engine,
        AllowEarlyData = Tls.Current.TicketStore is not null && _random.Next(3) > 0,
        TimeProvider = _world.Clock,
        Random = new Random(_random.Next()),
        Race = new ProtocolRaceOptions { Policy = FallbackPolicy.Exact },
        Balancing = _random.Next(4) switch
        {
            0 => Balancing.RoundRobin,
            1 => Balancing.PeakEwma,
            2 => Balancing.PowerOfTwoChoices,
            _ => Balancing.LeastConnections,
        },
        Pool = new PoolOptions
        {
            MinConnections = _random.Next(3),
            MaxConnections = 3,
            MaxWaiters = 40,
            ConnectTimeout = Second,
            ConnectBackoff = TimeSpan.FromMilliseconds(50),
            MaxConnectBackoff = Second / 2,
            IdleTimeout = TimeSpan.FromSeconds(_random.Next(2, 20)),
            Lifetime = TimeSpan.FromSeconds(_random.Next(3, 30)),
            DrainTimeout = TimeSpan.FromSeconds(3),
            KeepAliveInterval = Second,
            TransportIdleTimeout = TimeSpan.FromSeconds(3),
        },
        Breaker = new CircuitBreakerOptions { OpenTime = Second / 2, MaxOpenTime = Second, Window = TimeSpan.FromSeconds(5), MinimumThroughput = 5, ProbeTimeout = Second },
        Outliers = _random.Next(2) == 0 ? null : new OutlierOptions { Interval = Second, EjectionTime = Second / 2, MaxEjectionTime = Second },
        Load = new EndPointLoadOptions { Memory = Second },
        SlowStart = new SlowStartOptions { Window = Second },
        Health = new HealthOptions
        {
            Interval = Second,
            IdleInterval = Second,
            ConfirmInterval = Second / 5,
            RecoveryInterval = Second / 4,
            Timeout = Second / 2,
            FlapWindow = TimeSpan.Zero,
            Passive = PassiveHealthOptions.Default with { Hold = Second / 2, MaxHold = Second },
        },
    };

    private void Begin()
    {
        UInt128 id = _ledger.NewId();
        bool isIdempotent = _random.Next(2) == 0;
        CallPolicy policy = _random.Next(5) == 0 ? _hedges : _retries;
        TimeSpan deadline = _options.Deadline ?? TimeSpan.FromMilliseconds(_world.Now >= _options.FaultsEnd ? 3000 : _random.Next(100, 3000));
        bool isGrpc = _options.GrpcShare > 0 && _random.NextDouble() < _options.GrpcShare;
        bool isStream = isGrpc && _random.Next(4) == 0;

        // A stream takes several round trips.
        deadline += isStream && _options.Deadline is null ? LongestStream : TimeSpan.Zero;
        byte[] content = new byte[_random.Next(MessagePattern.HeaderLength, 2048)];
        MessagePattern.Fill(content, (ulong)(id >> 64), (ulong)id);
        var call = new SimulatedCall(_ledger.Begin(Name, SimulatedCallHandler.CallRoute, isIdempotent, deadline, CallDigest.Of(content), id), content);
        _running.Add(call);
        bool failsFast = _random.Next(20) == 0 && _world.Now < _options.FaultsEnd;
        if (isGrpc)
        {
            GrpcCalls++;
            call.Run = RunAsync(call, () => CallGrpcAsync(call, new SimulatedCallPlan(deadline, policy == _hedges, failsFast, isStream)));
            return;
        }

        var plan = new CallPlan(_protocol, SimulatedCallHandler.CallRoute)
        {
            Idempotency = isIdempotent ? Idempotency.Idempotent : Idempotency.NonIdempotent,
            Policy = policy,
            Timeout = deadline,
            FailFast = failsFast,
        };
        call.Run = RunAsync(call, () => _runner.RunAsync(plan, call, _handler, call.Token).AsTask());
    }

    private async Task<bool> CallGrpcAsync(SimulatedCall call, SimulatedCallPlan plan)
    {
        bool isRight = await _grpc.CallAsync(call, plan).ConfigureAwait(false);
        if (!plan.Hedges && call.AnsweredBy is { } endPoint)
        {
            _handler.Answered[endPoint] = _handler.Answered.GetValueOrDefault(endPoint) + 1;
        }

        return isRight;
    }

    private async Task RunAsync(SimulatedCall call, Func<Task<bool>> send)
    {
        CallResult result;
        string detail = "";
        try
        {
            result = await send().ConfigureAwait(false) ? CallResult.Ok : CallResult.Failed;
        }
        catch (Exception exception) when (exception is GrpcException or TransportException or OperationCanceledException)
        {
            result = CallEnds.ResultOf(exception);

            // The status does not tell whether anything was sent; here it is known.
            result = result == CallResult.Unknown && exception is GrpcException && !call.WasSent ? CallResult.Refused : result;
            detail = CallEnds.Describe(exception);
        }
        catch (Exception exception)
        {
            _world.Fail(exception);
            return;
        }

        _world.Trace.Note(result.ToString(), 0, $"{Name} {call.Record.Id:x32}");
        _parts.End(call.Record, result, _ledger.Now, detail, result == CallResult.Failed && detail.Length == 0);
        _running.Remove(call);
        call.Dispose();
    }
}
