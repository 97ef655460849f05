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

    /// <summary>Calls in flight with this one, and failures of late counted as such, for each unit of weight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal double CallsPerShare(int index, long now, double warmest)
    {
        EndPointLoad load = _loads[index];
        return PerShare(load.InFlight + load.GetPenalty(now) + 1, index, now, warmest);
    }

    /// <summary>What the calls in flight with this one cost together, for each unit of weight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal double CostPerShare(int index, long now, double warmest)
    {
        EndPointLoad load = _loads[index];
        return PerShare(load.GetCost(now) * (load.InFlight + 1), index, now, warmest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private double PerShare(double load, int index, long now, double warmest)
    {
        double perWeight = load * _perWeight[index];
        return warmest == 0 ? perWeight : perWeight * warmest / _candidates[index].GetWarmth(now);
    }
}
