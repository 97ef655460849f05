using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Net.Client.Internal;

/// <summary>The live figures of all candidates beside what their weights come to, as pickers by load read them.</summary>
internal readonly struct LoadTable
{
    private readonly EndPointLoad[] _loads;
    private readonly double[] _perWeight;
    private readonly ImmutableArray<PickCandidate> _candidates;
    private readonly WarmthScale _warmth;

    internal LoadTable(ImmutableArray<PickCandidate> candidates)
    {
        _candidates = candidates;
        _warmth = new WarmthScale(candidates);
        _loads = [.. candidates.Select(static c => c.Load)];
        _perWeight = [.. candidates.Select(static c => 1.0 / c.Weight)];
    }

    internal int Count => _loads.Length;

    /// <inheritdoc cref="WarmthScale.Largest"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal double Warmest(long now) => _warmth.Largest(now);

    /// <summary>
    /// Whether a candidate that warms up may take this call: by chance, as often as it is warm. Without that, clients with hardly a call in flight would either send it none until
    /// it is nearly warm, or all they have at once, as it is idle.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsAdmitted(int index, ulong chance, long now, double warmest) => warmest == 0 || _warmth.IsAdmitted(index, chance, now, warmest);

    /// <summary>Calls in flight, and failures of late counted as such, with this one, for each unit of weight. The colder, the more each of them counts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal double CallsPerShare(int index, long now, double warmest)
    {
        EndPointLoad load = _loads[index];
        double calls = load.InFlight + load.GetPenalty(now);
        return ((warmest == 0 ? calls : calls * Coldness(index, now, warmest)) + 1) * _perWeight[index];
    }

    /// <summary>What the calls in flight with this one cost together, for each unit of weight. The colder, the more each of them counts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal double CostPerShare(int index, long now, double warmest)
    {
        EndPointLoad load = _loads[index];
        double calls = load.InFlight;
        return load.GetCost(now) * ((warmest == 0 ? calls : calls * Coldness(index, now, warmest)) + 1) * _perWeight[index];
    }

    private double Coldness(int index, long now, double warmest) => warmest / _candidates[index].GetWarmth(now);
}
