using System.CommandLine;
using System.Globalization;
using Net.Chaos.Proxy;
using Net.Chaos.Scenarios;
using Net.Chaos.Judging;
using Net.Chaos.Simulation;
using Net.Chaos.Simulation.Faults;
using Net.Ngtcp2;

namespace Net.Chaos.CommandLine;

/// <summary><c>net-chaos sim</c>: runs clusters under random faults in virtual time, and makes what fails small.</summary>
internal static class SimCommand
{
    private const int DefaultSeeds = 1000;
    private const int MaxAtOnce = 32;

    internal static Command Make(CommandContext context)
    {
        Argument<string?> file = new("FILE") { Description = "A scenario whose hosts, clients, load and faults are simulated. Default: faults are drawn from the seed.", Arity = ArgumentArity.ZeroOrOne };
        Option<int> seeds = new("--seeds") { Description = "How many runs, each with a seed of its own.", DefaultValueFactory = static _ => DefaultSeeds, HelpName = "N" };
        seeds.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: var text }] && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int count) && count < 1)
            {
                result.AddError("--seeds must be at least 1.");
            }
        });
        Option<int?> seed = new("--seed") { Description = "The first seed; the others follow. Default: drawn, and printed.", HelpName = "N" };
        Option<string> engine = new("--engine") { Description = "memory: no TLS, repeated to the last bit; ngtcp2: the real drivers over simulated datagrams.", DefaultValueFactory = static _ => "memory", HelpName = "memory|ngtcp2" };
        engine.AcceptOnlyFromAmong("memory", "ngtcp2");
        Option<int[]?> keep = new("--keep")
        {
            Description = "Numbers of the seed's faults that happen; the others are left out.",
            HelpName = "N,N",
            CustomParser = static result =>
            {
                var numbers = new List<int>();
                foreach (string word in result.Tokens.SelectMany(static t => t.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
                {
                    if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                    {
                        numbers.Add(number);
                    }
                    else if (word != "none")
                    {
                        result.AddError($"--keep holds '{word}'; give the numbers of faults with commas between, such as 2,5, or none.");
                    }
                }

                return [.. numbers];
            },
        };
        Option<bool> trace = new("--trace") { Description = "Prints what happened, line by line; for one seed." };
        Command command = new("sim", "Simulates clusters under random faults in virtual time, and says whether anything was lost. Exit code 0 when all holds.") { file, seeds, seed, engine, keep, trace };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            context,
            parsed.GetValue(file),
            new SimulationOptions
            {
                Seed = parsed.GetValue(seed) ?? (int)(context.NewSeed() % int.MaxValue),
                Engine = parsed.GetValue(engine) == "ngtcp2" ? SimulatedEngineKind.Ngtcp2 : SimulatedEngineKind.Memory,
                Keep = parsed.GetResult(keep) is null ? null : parsed.GetValue(keep),
                KeepsTrace = parsed.GetValue(trace),
            },
            parsed.GetValue(seeds),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, string? file, SimulationOptions options, int seeds, CancellationToken cancellationToken)
    {
        if (options.Engine == SimulatedEngineKind.Ngtcp2)
        {
            var engine = new Ngtcp2Engine();
            await using System.Runtime.CompilerServices.ConfiguredAsyncDisposable disposal = engine.ConfigureAwait(false);
            if (!engine.Support.IsSupported)
            {
                throw new ChaosException(ChaosError.Failed, $"The ngtcp2 engine cannot run here: {engine.Support.Reason}");
            }
        }

        if (file is not null)
        {
            (options, IReadOnlyList<string> leftOut) = ScenarioSimulation.Apply(ScenarioReader.ReadFile(file), options);
            foreach (string line in leftOut)
            {
                await context.Error.WriteLineAsync($"net-chaos: {file}: {line}").ConfigureAwait(false);
            }
        }

        try
        {
            return await RunAsync(context, options, file, seeds, cancellationToken).ConfigureAwait(false);
        }
        catch (AggregateException exception) when (exception.InnerExceptions[0] is SimulationException failure)
        {
            throw new ChaosException(ChaosError.Failed, $"The simulation itself failed, which says nothing of what it simulates. {failure.Message}", failure);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await context.Error.WriteLineAsync("net-chaos: stopped.").ConfigureAwait(false);
            return ChaosCommandLine.Failed;
        }
    }

    private static async Task<int> RunAsync(CommandContext context, SimulationOptions options, string? file, int seeds, CancellationToken cancellationToken)
    {
        long began = context.TimeProvider.GetTimestamp();
        var kinds = new SortedDictionary<SimulatedFaultKind, int>();
        long calls = 0;
        long succeeded = 0;
        long touched = 0;
        (long Moves, long Resumed, long Early) seen = default;
        (long Calls, long Rejected, long GoAways, long Blocked) http = default;
        int failed = 0;
        int done = 0;
        foreach (SimulationOutcome outcome in RunAll(options, seeds, cancellationToken))
        {
            done++;
            calls += outcome.Calls;
            succeeded += outcome.Succeeded;
            touched += outcome.Touched;
            seen = (seen.Moves + outcome.Moves, seen.Resumed + outcome.Resumed, seen.Early + outcome.Early);
            http = (http.Calls + outcome.GrpcCalls, http.Rejected + outcome.Rejected, http.GoAways + outcome.GoAways, http.Blocked + outcome.Blocked);
            foreach (SimulatedFault fault in outcome.Faults)
            {
                kinds[fault.Kind] = kinds.GetValueOrDefault(fault.Kind) + 1;
            }

            foreach (string line in outcome.Trace)
            {
                await context.Output.WriteLineAsync(line).ConfigureAwait(false);
            }

            if (!outcome.Passed)
            {
                failed++;
                await ReportAsync(context, options with { Seed = outcome.Seed }, file, outcome).ConfigureAwait(false);
            }

            if (seeds == 1)
            {
                await context.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"net-chaos: trace hash {outcome.Hash:x16}")).ConfigureAwait(false);
            }
        }

        double seconds = context.TimeProvider.GetElapsedTime(began).TotalSeconds;
        string faults = string.Join(", ", kinds.Select(static k => string.Create(CultureInfo.InvariantCulture, $"{k.Value} {k.Key.ToString().ToLowerInvariant()}")));
        await context.Output.WriteLineAsync($"net-chaos: faults: {(faults.Length == 0 ? "none" : faults)}; {touched} packets lost, held back or doubled").ConfigureAwait(false);
        await context.Output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"net-chaos: {http.Calls} calls of gRPC; {http.Rejected} requests rejected, {http.GoAways} connections told to go away, {http.Blocked} headers that waited for a table")).ConfigureAwait(false);
        if (options.Engine == SimulatedEngineKind.Ngtcp2)
        {
            await context.Output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"net-chaos: {seen.Moves} moves of connections, {seen.Resumed} resumed sessions, {seen.Early} calls executed from early data")).ConfigureAwait(false);
        }

        await context.Output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"net-chaos: {done - failed} of {done} seeds passed from {options.Seed} on, engine {options.Engine.ToString().ToLowerInvariant()}; {calls} calls, {succeeded} succeeded; {done / Math.Max(seconds, 0.001):0.0} seeds/s")).ConfigureAwait(false);
        return failed == 0 && done == seeds ? 0 : ChaosCommandLine.Failed;
    }

    // Each run has a thread and a world of its own, so that runs beside it change nothing in it. Reports come in the order of the seeds.
    private static ParallelQuery<SimulationOutcome> RunAll(SimulationOptions options, int seeds, CancellationToken cancellationToken) => Enumerable.Range(0, seeds)
        .AsParallel().AsOrdered().WithDegreeOfParallelism(Math.Min(MaxAtOnce, Environment.ProcessorCount)).WithMergeOptions(ParallelMergeOptions.NotBuffered).WithCancellation(cancellationToken)
        .Select(i => SimulationRun.Run(options with { Seed = unchecked(options.Seed + i) }));

    private static async Task ReportAsync(CommandContext context, SimulationOptions options, string? file, SimulationOutcome outcome)
    {
        SimulationOutcome smallest = Shrink(options, outcome);
        string kept = string.Join(',', smallest.Kept);
        string command = string.Create(CultureInfo.InvariantCulture, $"net-chaos sim {(file is null ? "" : file + " ")}--engine {options.Engine.ToString().ToLowerInvariant()} --seeds 1 --seed {options.Seed} --keep {(kept.Length == 0 ? "none" : kept)}");
        await context.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"net-chaos: seed {options.Seed} failed with {outcome.Faults.Count} faults, of which {smallest.Faults.Count} are needed:")).ConfigureAwait(false);
        foreach (SimulatedFault fault in smallest.Faults)
        {
            await context.Error.WriteLineAsync($"  {fault}").ConfigureAwait(false);
        }

        foreach (Finding finding in smallest.Findings.Where(static f => !f.Holds))
        {
            await context.Error.WriteLineAsync($"  {finding.Rule} {finding.Text}: {finding.Measured}").ConfigureAwait(false);
        }

        await context.Error.WriteLineAsync($"net-chaos: to repeat it: {command}").ConfigureAwait(false);
    }

    private static SimulationOutcome Shrink(SimulationOptions options, SimulationOutcome outcome)
    {
        SimulationOutcome smallest = outcome;
        ScheduleShrinker.Shrink(outcome.Kept, kept =>
        {
            SimulationOutcome tried = SimulationRun.Run(options with { Keep = [.. kept], KeepsTrace = false });
            smallest = tried.Passed ? smallest : tried;
            return !tried.Passed;
        });
        return smallest;
    }
}
