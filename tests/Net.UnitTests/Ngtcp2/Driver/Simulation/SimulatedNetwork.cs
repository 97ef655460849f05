using Net.Ngtcp2.Udp;

namespace Net.UnitTests.Ngtcp2.Driver.Simulation;

/// <summary>Hosts, the links between them, and the one clock they share. Time stands still while anybody has something to do, and then jumps to the next event.</summary>
/// <remarks>
/// One thread runs everything: what drivers post, what arrives, what falls due, and the application code that continues inside. The same seed makes the same faults.
/// </remarks>
internal sealed class SimulatedNetwork
{
    // The native library takes a timestamp of 0 for "never".
    private const ulong Origin = 1_000_000_000;
    private const int MaxRoundsAtOneTime = 10_000;
    private readonly PriorityQueue<Action, (ulong Time, long Sequence)> _events = new();
    private readonly Dictionary<SocketAddressBuffer, (SimulatedHost Host, int Socket)> _routes = [];
    private readonly Dictionary<(SimulatedHost From, SimulatedHost To), SimulatedLink> _links = [];
    private readonly List<SimulatedHost> _hosts = [];
    private long _sequence;

    internal SimulatedNetwork(int seed)
    {
        Random = new Random(seed);
        TimeProvider = new SimulatedTimeProvider(this);
    }

    /// <summary>Wall-clock time at which the monotonic clock would show zero: within the validity of the test certificates.</summary>
    internal static DateTimeOffset WallClockOrigin { get; } = Abstractions.Tls.TestAuthority.Start.AddDays(1);

    /// <summary>Time in nanoseconds.</summary>
    internal ulong Now { get; private set; } = Origin;

    /// <summary>Time since the network was made.</summary>
    internal TimeSpan Elapsed => ToTime(Now - Origin);

    /// <summary>The one source of chance.</summary>
    internal Random Random { get; }

    internal TimeProvider TimeProvider { get; }

    /// <summary>What drivers logged as failures of their own; a run ends with the first one.</summary>
    internal FailureLog Failures { get; } = new();

    /// <summary>Steps taken so far.</summary>
    internal long Steps { get; private set; }

    /// <summary>Sees every datagram as it is sent, before anything happens to it.</summary>
    internal Action<SimulatedDatagram>? Tap { get; set; }

    /// <summary>Datagrams sent to an address that nobody has.</summary>
    internal long Unroutable { get; private set; }

    /// <summary>Applies settings to all links, those to come included.</summary>
    internal Action<SimulatedLink>? LinkDefaults { get; set; }

    internal static ulong ToNanoseconds(TimeSpan time) => (ulong)time.Ticks * 100;

    internal static TimeSpan ToTime(ulong nanoseconds) => TimeSpan.FromTicks((long)(nanoseconds / 100));

    /// <summary>The link of one direction, made when first asked for.</summary>
    internal SimulatedLink Link(SimulatedHost from, SimulatedHost to)
    {
        if (!_links.TryGetValue((from, to), out SimulatedLink? link))
        {
            link = new SimulatedLink(this);
            LinkDefaults?.Invoke(link);
            _links.Add((from, to), link);
        }

        return link;
    }

    internal void Add(SimulatedHost host) => _hosts.Add(host);

    internal void Bind(in SocketAddressBuffer address, SimulatedHost host, int socket)
    {
        if (!_routes.TryAdd(address, (host, socket)))
        {
            throw new InvalidOperationException($"{address} is in use already.");
        }
    }

    internal void Unbind(in SocketAddressBuffer address) => _routes.Remove(address);

    /// <summary>Sends a datagram on its way.</summary>
    internal void Transmit(SimulatedHost from, in SocketAddressBuffer source, in SocketAddressBuffer destination, byte ecn, ReadOnlySpan<byte> data)
    {
        if (!_routes.TryGetValue(destination, out (SimulatedHost Host, int Socket) route))
        {
            Unroutable++;
            return;
        }

        var datagram = new SimulatedDatagram(from, route.Host, source, destination, ecn, data.ToArray());
        Tap?.Invoke(datagram);
        Link(from, route.Host).Transmit(datagram);
    }

    internal void ScheduleArrival(ulong time, SimulatedDatagram datagram, byte[] data, byte ecn) =>
        Schedule(time, () =>
        {
            // The address may have moved on meanwhile, as with a real network.
            if (_routes.TryGetValue(datagram.Destination, out (SimulatedHost Host, int Socket) route))
            {
                route.Host.Receive(route.Socket, datagram.Source, data, ecn);
            }
        });

    /// <summary>Does something after a time.</summary>
    internal void After(TimeSpan delay, Action action) => Schedule(Now + ToNanoseconds(delay), action);

    /// <summary>Runs until a condition holds.</summary>
    /// <param name="condition">Looked at whenever all is done that can be done at one time.</param>
    /// <param name="limit">Virtual time after which to give up; default one minute.</param>
    /// <param name="maxSteps">Steps after which to give up.</param>
    /// <returns>Whether the condition holds.</returns>
    internal bool TryRunUntil(Func<bool> condition, TimeSpan? limit = null, int maxSteps = 1_000_000)
    {
        ulong end = Now + ToNanoseconds(limit ?? TimeSpan.FromMinutes(1));
        for (int step = 0; step < maxSteps; step++)
        {
            RunHosts();
            Failures.ThrowIfFailed();
            if (condition())
            {
                return true;
            }

            ulong next = NextTime();
            if (next > end)
            {
                Now = end;
                return false;
            }

            Now = Math.Max(Now, next);
            Steps++;
            while (_events.TryPeek(out _, out (ulong Time, long Sequence) due) && due.Time <= Now)
            {
                _events.Dequeue()();
            }
        }

        throw new AssertFailedException($"Nothing came of {maxSteps} steps; the clock shows {Elapsed}.");
    }

    /// <summary>Runs until a condition holds, and fails the test when it does not come true in time.</summary>
    internal void RunUntil(
        Func<bool> condition, TimeSpan? limit = null, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string awaited = "")
    {
        if (!TryRunUntil(condition, limit))
        {
            throw new AssertFailedException($"In vain for {limit ?? TimeSpan.FromMinutes(1)}, until {Elapsed}: {awaited}");
        }
    }

    /// <summary>Runs until a task is over, and throws its failure.</summary>
    internal void Run(Task task, TimeSpan? limit = null, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(task))] string awaited = "")
    {
        RunUntil(() => task.IsCompleted, limit, awaited);
        task.GetAwaiter().GetResult();
    }

    /// <summary>Runs until tasks are over, and throws the first failure as soon as there is one.</summary>
    internal void RunAll(IReadOnlyCollection<Task> tasks, TimeSpan? limit = null)
    {
        RunUntil(() => tasks.All(static t => t.IsCompleted) || tasks.Any(static t => t.IsFaulted), limit);
        foreach (Task task in tasks)
        {
            if (task.IsCompleted)
            {
                task.GetAwaiter().GetResult();
            }
        }
    }

    /// <summary>Runs for a time.</summary>
    internal void RunFor(TimeSpan time) => TryRunUntil(static () => false, time);

    private void Schedule(ulong time, Action action) => _events.Enqueue(action, (time, _sequence++));

    private ulong NextTime()
    {
        ulong next = _events.TryPeek(out _, out (ulong Time, long Sequence) due) ? due.Time : ulong.MaxValue;
        foreach (SimulatedHost host in _hosts)
        {
            next = Math.Min(next, host.NextWakeUp);
        }

        return next;
    }

    private void RunHosts()
    {
        for (int round = 0; round < MaxRoundsAtOneTime; round++)
        {
            bool any = false;
            foreach (SimulatedHost host in _hosts)
            {
                if (host.NeedsTurn)
                {
                    host.RunTurn();
                    any = true;
                }
            }

            if (!any)
            {
                return;
            }
        }

        throw new AssertFailedException($"A host keeps itself busy at {Elapsed} without letting time pass.");
    }
}
