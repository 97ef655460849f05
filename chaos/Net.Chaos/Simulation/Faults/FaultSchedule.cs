namespace Net.Chaos.Simulation.Faults;

/// <summary>Draws what happens in one run. The same seed gives the same list.</summary>
internal static class FaultSchedule
{
    private const int MostFaults = 12;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    /// <summary>Kinds that any engine can meet.</summary>
    private static readonly SimulatedFaultKind[] Common =
    [
        SimulatedFaultKind.Partition, SimulatedFaultKind.CutUpstream, SimulatedFaultKind.CutDownstream, SimulatedFaultKind.Loss, SimulatedFaultKind.Slow, SimulatedFaultKind.Kill, SimulatedFaultKind.Freeze,
        SimulatedFaultKind.Refuse, SimulatedFaultKind.Reset, SimulatedFaultKind.Drain, SimulatedFaultKind.Fail, SimulatedFaultKind.Rotate, SimulatedFaultKind.Cancel,
    ];

    /// <summary>Kinds that need datagrams.</summary>
    private static readonly SimulatedFaultKind[] OfDatagrams = [SimulatedFaultKind.Reorder, SimulatedFaultKind.Duplicate, SimulatedFaultKind.Rebind, SimulatedFaultKind.Migrate];

    /// <summary>Draws a schedule.</summary>
    /// <param name="random">Where chance comes from; nobody else uses it.</param>
    /// <param name="options">Who is there, and when faults may happen.</param>
    /// <returns>In the order of their beginnings.</returns>
    internal static IReadOnlyList<SimulatedFault> Draw(Random random, SimulationOptions options)
    {
        SimulatedFaultKind[] kinds = options.Engine == SimulatedEngineKind.Ngtcp2 ? [.. Common, .. OfDatagrams] : Common;
        var faults = new List<SimulatedFault>();
        int count = random.Next(1, MostFaults + 1);
        for (int i = 0; i < count; i++)
        {
            SimulatedFaultKind kind = kinds[random.Next(kinds.Length)];
            TimeSpan at = options.FaultsBegin + ((options.FaultsEnd - options.FaultsBegin) * random.NextDouble());
            TimeSpan length = Longest * random.NextDouble();
            TimeSpan left = options.FaultsEnd - at;
            bool isMoment = kind is SimulatedFaultKind.Rebind or SimulatedFaultKind.Migrate or SimulatedFaultKind.Reset or SimulatedFaultKind.Rotate or SimulatedFaultKind.Cancel;
            faults.Add(new SimulatedFault(
                kind, Whole(at), isMoment ? TimeSpan.Zero : Whole(length < left ? length : left),
                Pick(random, options.Clients), Pick(random, options.Hosts), AmountOf(kind, random.NextDouble())));
        }

        return [.. faults.OrderBy(static f => f.At)];
    }

    // Whole milliseconds read better.
    private static TimeSpan Whole(TimeSpan time) => TimeSpan.FromMilliseconds(Math.Floor(time.TotalMilliseconds));

    // Now and then everybody at once.
    private static int Pick(Random random, int count) => random.Next(count + 1) - 1;

    private static double AmountOf(SimulatedFaultKind kind, double chance) => Math.Round(kind switch
    {
        SimulatedFaultKind.Loss => 0.3 * chance,
        SimulatedFaultKind.Slow => 0.8 * chance,
        SimulatedFaultKind.Reorder or SimulatedFaultKind.Duplicate => 0.4 * chance,
        _ => chance,
    }, 3);
}
