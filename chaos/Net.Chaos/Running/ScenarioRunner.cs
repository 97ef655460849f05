using System.Globalization;
using Net.Chaos.Judging;
using Net.Chaos.Ledgers;
using Net.Chaos.Running.Faults;
using Net.Chaos.Running.Hosts;
using Net.Chaos.Running.Loads;
using Net.Chaos.Scenarios;
using Net.Client;

namespace Net.Chaos.Running;

/// <summary>Runs one scenario: starts everything, makes load, carries out the faults, gathers what is left, and judges.</summary>
internal sealed class ScenarioRunner(Scenario scenario, RunOptions options, IRunObserver observer)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan SettlePoll = TimeSpan.FromMilliseconds(50);
    private readonly ClientLedger _ledger = new(options.TimeProvider, new Random(unchecked((int)options.Seed)));
    private readonly RunNotes _notes = new();
    private readonly RunMeasures _measures = new();
    private readonly Dictionary<string, long> _memoryBefore = [];
    private long _memoryGrowth;
    private FaultDriver? _driver;

    /// <summary>Runs it.</summary>
    /// <exception cref="OperationCanceledException">It was stopped; everything that it started is gone.</exception>
    internal async Task<RunResult> RunAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset startedAt = options.TimeProvider.GetUtcNow();
        observer.Started(scenario, options.Seed);
        RunResult result;
        try
        {
            RunCast cast = await RunCast.StartAsync(scenario, options, cancellationToken).ConfigureAwait(false);
            await using (cast.ConfigureAwait(false))
            {
                result = await RunAsync(cast, startedAt, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (RunException exception)
        {
            result = new RunResult(scenario, options.Seed, startedAt, new RunEvidence { Calls = _ledger.Records, LoadEnded = _ledger.Now }, [], new Dictionary<string, double>(), exception.Message);
        }

        observer.Ended(result);
        return result;
    }

    private async Task<RunResult> RunAsync(RunCast cast, DateTimeOffset startedAt, CancellationToken cancellationToken)
    {
        NoteMemory(cast);
        await ConnectAsync(cast, cancellationToken).ConfigureAwait(false);
        NoteMemoryOfConnections(cast);
        using var loadEnds = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        TimeSpan origin = _ledger.Now + scenario.WarmUp;
        var stage = new FaultStage
        {
            Cast = cast, Ledger = _ledger, TimeProvider = options.TimeProvider, Origin = origin, LoadEnds = loadEnds.Token, Measures = _measures, Stop = stop.Token,
            LongestAge = scenario.Loads.Max(static l => l.Age),
        };
        _driver = new FaultDriver(stage);
        Task loads = Task.WhenAll(cast.Clients.SelectMany(client => scenario.Loads.Select(load => Guard(RunLoadAsync(Make(client, load, loadEnds.Token, stop.Token)), stop))));
        Task watch = WatchAsync(cast, origin, watching.Token);
        try
        {
            return await RunAsync(new RunUnderWay(cast, startedAt, loads, stop, loadEnds), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await watching.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(false);
        }
    }

    private async Task<RunResult> RunAsync(RunUnderWay run, CancellationToken cancellationToken)
    {
        (RunCast cast, DateTimeOffset startedAt, Task loads, CancellationTokenSource stop, CancellationTokenSource loadEnds) = run;
        Task faults = Task.CompletedTask;
        TimeSpan loadEnded;
        long opened = 0;
        try
        {
            await Task.Delay(scenario.WarmUp, options.TimeProvider, stop.Token).ConfigureAwait(false);
            opened = cast.Clients.Sum(static c => c.Opened);
            NoteMemory(cast);
            faults = Guard(_driver!.RunAsync(scenario.Faults), stop);
            await LastAsync(cast, faults, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A load or a fault has failed and says why below.
        }
        finally
        {
            loadEnded = _ledger.Now;
            await loadEnds.CancelAsync().ConfigureAwait(false);
        }

        // Every call ends by its deadline, whatever happens; a run whose calls hang must end, too.
        TimeSpan limit = scenario.Loads.Max(static l => l.Deadline) + SettleLimit;
        stop.CancelAfter(limit);
        await EndAsync(Task.WhenAll(loads, faults), limit + SettleLimit, "The load or a fault did not end", cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> leftovers = await SettleAsync(cast, cancellationToken).ConfigureAwait(false);
        double handshakes = cast.Clients.Sum(static c => c.Opened) - opened;
        CertificateEvidence? certificates = await CountCertificatesAsync(cast, cancellationToken).ConfigureAwait(false);
        (int read, IReadOnlyList<string> lost) = await WriteReader.ReadAsync(cast, _notes.Writes, cancellationToken).ConfigureAwait(false);
        if (options.KeepDirectory is not null)
        {
            await File.WriteAllLinesAsync(Path.Combine(cast.Files.Root, "events"), cast.Clients.SelectMany(static c => c.Events).Order(StringComparer.Ordinal), cancellationToken).ConfigureAwait(false);
        }

        NoteResets(cast);
        RunResult judged = Judge(cast, startedAt, loadEnded, leftovers, Measure(handshakes), read, lost, certificates);
        if (options.KeepDirectory is not null)
        {
            await LedgerFile.WriteAsync(cast.Files.Root, judged.Evidence, cancellationToken).ConfigureAwait(false);
        }

        return judged;
    }

    private async Task<CertificateEvidence?> CountCertificatesAsync(RunCast cast, CancellationToken cancellationToken)
    {
        if (!scenario.Faults.Any(static f => f.Action is CertificateFault))
        {
            return null;
        }

        (int asked, int refused) = cast.Certificates.HasRemoved ? await AuthorityFaults.AskAllAsync(cast, isOfRemoved: true, ProbeAnswer.Refused, cancellationToken).ConfigureAwait(false) : default;
        return cast.Certificates.Handshakes.Read() with
        {
            Refusals = cast.Hosts.Sum(static h => (long)CertificateFaults.CountRefusals(h)) + cast.Clients.Sum(static c => c.Identity.Refusals),
            OldAuthorityOffered = asked,
            OldAuthorityRefused = refused,
        };
    }

    /// <exception cref="RunException">It is not over in time.</exception>
    private async Task EndAsync(Task task, TimeSpan limit, string what, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(limit, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            int hung = _ledger.Records.Count(static c => c.Outcomes == 0);
            throw new RunException(string.Create(CultureInfo.InvariantCulture, $"{what} after {limit.TotalSeconds:0} s; {hung} calls are without an outcome."));
        }
    }

    // A host that is slow to start makes a fault longer than the file foresees; the time that calls have to recover is not to suffer from it.
    private async Task LastAsync(RunCast cast, Task faults, CancellationToken cancellationToken)
    {
        TimeSpan planned = TimeSpan.Zero;
        bool lastToEnd = false;
        foreach (FaultPlan plan in scenario.Faults)
        {
            TimeSpan startAfter = (plan.Action as ProcessFault)?.StartAfter ?? TimeSpan.Zero;
            TimeSpan end = plan.At + (plan.Every * (plan.Times - 1)) + plan.For + startAfter;
            planned = end > planned ? end : planned;
            lastToEnd |= plan.For == TimeSpan.Zero && plan.Action is ToxicFault or PartitionFault or DiskFault;
        }

        TimeSpan tail = scenario.Duration - planned;
        Task duration = Task.Delay(scenario.Duration, options.TimeProvider, cancellationToken);
        if (!lastToEnd && scenario.Faults.Count > 0)
        {
            await EndAsync(faults, scenario.Duration + LongestDelay, "The faults were not over", cancellationToken).ConfigureAwait(false);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task warm = WarmAgainAsync(cast, over.Token);
            await Task.Delay(tail > TimeSpan.Zero ? tail : TimeSpan.FromTicks(1), options.TimeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await over.CancelAsync().ConfigureAwait(false);
            await warm.ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        await duration.ConfigureAwait(false);
    }

    private RunResult Judge(RunCast cast, DateTimeOffset startedAt, TimeSpan loadEnded, IReadOnlyList<string> leftovers, Dictionary<string, double> measured, int read, IReadOnlyList<string> lost, CertificateEvidence? certificates)
    {
        var evidence = new RunEvidence
        {
            Calls = _ledger.Records,
            Server = cast.Hosts.All(static h => h.LedgerPath is not null) ? ServerLedger.Read(cast.Hosts.Select(static h => (h.Name, h.LedgerPath!))) : null,
            Streams = _notes.Streams,
            Faults = _driver!.Records,
            LostWrites = lost,
            ReadWrites = read,
            LoadEnded = loadEnded,
            Leftovers = leftovers,
            Certificates = certificates,
            Measured = measured,
        };
        return new RunResult(
            scenario, options.Seed, startedAt, evidence, Judging.Judge.Run(scenario, evidence), FigureCounter.Count(evidence), null);
    }

    private async Task ConnectAsync(RunCast cast, CancellationToken cancellationToken)
    {
        observer.Note(string.Create(CultureInfo.InvariantCulture, $"{cast.Hosts.Count} hosts run: {string.Join(", ", cast.Hosts.Select(static h => $"{h.Name} at {h.EndPoint}"))}"));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.ConnectLimit);
        try
        {
            await Task.WhenAll(cast.Clients.Select(c => c.Channel.WarmUpAsync(cast.Hosts.Count, limit.Token))).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TransportException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            IEnumerable<string> last = cast.Clients.SelectMany(static c => c.Events).TakeLast(3);
            throw new RunException($"Not every client reached every host within {options.ConnectLimit.TotalSeconds:0} s, before any fault. {string.Join("; ", last)}", exception);
        }
    }

    private LoadRun Make(RunClient client, LoadPlan plan, CancellationToken loadEnds, CancellationToken stop) => new()
    {
        Plan = plan, Client = client, Ledger = _ledger, Notes = _notes, TimeProvider = options.TimeProvider, LoadEnds = loadEnds, Stop = stop,
    };

    private static async Task RunLoadAsync(LoadRun run)
    {
        await Task.Delay(run.Plan.After, run.TimeProvider, run.LoadEnds).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await BeginLoadAsync(run).ConfigureAwait(false);
    }

    private static Task BeginLoadAsync(LoadRun run) => run.Plan.Kind switch
    {
        LoadKind.Unary => UnaryLoad.RunAsync(run),
        LoadKind.Duplex => DuplexLoad.RunAsync(run),
        LoadKind.Stream => KeptStream.RunAsync(run),
        LoadKind.Slow => SlowStream.RunAsync(run),
        LoadKind.Raw => RawLoad.RunAsync(run),
        LoadKind.Bulk => BulkLoad.RunAsync(run),
        _ => WriteLoad.RunAsync(run),
    };

    // What fails on its own must end the run at once, not at the end of its time.
    private static async Task Guard(Task task, CancellationTokenSource stop)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<IReadOnlyList<string>> SettleAsync(RunCast cast, CancellationToken cancellationToken)
    {
        long started = options.TimeProvider.GetTimestamp();
        TimeSpan recovered = _driver!.Records.Select(static f => f.Ended).DefaultIfEmpty().Max() + Judging.Judge.RecoveryTime;
        int CountAnswers(RunClient client, string host) => _ledger.Records.Count(c => c.Client == client.Name && c.Host == host && c.Result == CallResult.Ok && c.Began >= recovered);
        while (true)
        {
            string[] left = [.. cast.Clients.SelectMany(client => client.FindLeftovers(host => cast.Host(host).IsRunning, host => CountAnswers(client, host)))];
            if (left.Length == 0 || options.TimeProvider.GetElapsedTime(started) > SettleLimit)
            {
                return left;
            }

            await Task.Delay(SettlePoll, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private Dictionary<string, double> Measure(double handshakes)
    {
        _measures.Add(Figures.Handshakes, handshakes);
        if (_memoryBefore.Count > 0)
        {
            _measures.NoteLargest(Figures.Memory, _memoryGrowth);
        }

        return _measures.Read();
    }

    // A reset may come a moment before the runner sees that the process serves again.
    private void NoteResets(RunCast cast)
    {
        FaultRecord[] restarts = [.. _driver!.Records.Where(static f => f.Word is "kill" or "terminate" or "start")];
        _measures.Add(Figures.StatelessResets, 0);
        foreach (TimeSpan at in cast.Clients.SelectMany(static c => c.Resets).Select(age => _ledger.Now - age))
        {
            _measures.Add(Figures.StatelessResets, 1);
            if (restarts.LastOrDefault(f => f.Began <= at) is { } restart)
            {
                _measures.NoteLargest(Figures.ResetTime, Math.Max(0, (at - restart.Ended).TotalSeconds));
            }
        }
    }

    private void NoteMemory(RunCast cast)
    {
        foreach (IRunHost host in cast.Hosts)
        {
            if (host.ReadMemory() is { } memory)
            {
                _memoryBefore[host.Name] = memory;
            }
        }
    }

    private void NoteMemoryOfConnections(RunCast cast)
    {
        long opened = cast.Clients.Sum(static c => c.Opened);
        long grown = cast.Hosts.Sum(host => _memoryBefore.TryGetValue(host.Name, out long before) ? (host.ReadMemory() ?? before) - before : 0);
        if (_memoryBefore.Count > 0 && opened > 0)
        {
            _measures.NoteLargest(Figures.MemoryPerConnection, Math.Max(0, grown) / (double)opened);
        }
    }

    // From the end of the faults until every client has all its connections again; as long as the load when it never has.
    private async Task WarmAgainAsync(RunCast cast, CancellationToken cancellationToken)
    {
        long started = options.TimeProvider.GetTimestamp();
        int hosts = cast.Hosts.Count(static h => h.IsRunning);
        if (hosts == 0)
        {
            // Every one has died, which the findings say.
            return;
        }

        try
        {
            await Task.WhenAll(cast.Clients.Select(c => c.Channel.WarmUpAsync(hosts, cancellationToken))).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TransportException)
        {
            // The time until now is what it took at least.
        }

        _measures.NoteLargest(Figures.WarmAgain, options.TimeProvider.GetElapsedTime(started).TotalSeconds);
    }

    private async Task WatchAsync(RunCast cast, TimeSpan origin, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(Second, options.TimeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            observer.Tick(MakeView(cast, origin));
        }
    }

    private RunView MakeView(RunCast cast, TimeSpan origin)
    {
        CallRecord[] calls = [.. _ledger.Records];
        ILookup<CallResult, CallRecord> byResult = calls.ToLookup(static c => c.Result);
        Dictionary<string, int> answered = byResult[CallResult.Ok].Where(static c => c.Host is not null).GroupBy(static c => c.Host!).ToDictionary(static g => g.Key, static g => g.Count());
        var hosts = new List<RunHostView>();
        foreach (IRunHost host in cast.Hosts)
        {
            long? memory = host.ReadMemory();
            if (memory is { } bytes && _memoryBefore.TryGetValue(host.Name, out long before))
            {
                _memoryGrowth = Math.Max(_memoryGrowth, bytes - before);
            }

            string breakers = string.Join(" ", cast.Clients.Select(c => c.Channel.GetSnapshot().EndPoints.FirstOrDefault(e => c.HostOf(e.EndPoint) == host.Name)?.Breaker?.ToString() ?? "-"));
            hosts.Add(new RunHostView(host.Name, host.IsRunning, memory, answered.GetValueOrDefault(host.Name), breakers));
        }

        return new RunView(
            _ledger.Now - origin, scenario.Duration, [.. _driver?.Active.Where(static a => a.Value > 0).Select(static a => a.Key) ?? []], hosts, byResult[CallResult.Ok].Count(),
            byResult[CallResult.Refused].Count(), byResult[CallResult.Failed].Count(), byResult[CallResult.Unknown].Count(), byResult[CallResult.None].Count(), _notes.Streams.Count(static s => s.BrokenAt is not null));
    }

    /// <summary>What is at work when the load has begun.</summary>
    private sealed record RunUnderWay(RunCast Cast, DateTimeOffset StartedAt, Task Loads, CancellationTokenSource Stop, CancellationTokenSource LoadEnds);
}
