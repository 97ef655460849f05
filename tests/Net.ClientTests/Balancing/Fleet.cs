using System.Collections.Immutable;
using System.Globalization;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Balancing;

/// <summary>A set of end points with their live figures, and picks on them with time and chance of its own.</summary>
internal sealed class Fleet
{
    private readonly Random _random;

    internal Fleet(int count, Random random, Func<int, int>? weight = null, EndPointLoadOptions? load = null)
    {
        _random = random;
        Loads = [.. Enumerable.Range(0, count).Select(_ => new EndPointLoad(Clock, load))];
        Candidates = [.. Enumerable.Range(0, count).Select(i => new PickCandidate
        {
            EndPoint = new ChannelEndPoint(new TransportEndPoint(string.Create(CultureInfo.InvariantCulture, $"10.0.0.{i + 1}"), 443)),
            Load = Loads[i],
            Weight = weight?.Invoke(i) ?? 1,
        })];
        Context = new BalancingContext { TimeProvider = Clock, Random = random };
    }

    internal ManualTimeProvider Clock { get; } = new();

    internal EndPointLoad[] Loads { get; }

    internal ImmutableArray<PickCandidate> Candidates { get; set; }

    internal BalancingContext Context { get; }

    internal static BalancingPolicy[] Policies => [Client.Balancing.RoundRobin, Client.Balancing.LeastConnections, Client.Balancing.Weighted,
        Client.Balancing.PowerOfTwoChoices, Client.Balancing.PeakEwma, Client.Balancing.RingHash()];

    internal EndPointPicker Picker(BalancingPolicy policy) => policy.CreatePicker(Candidates, Context);

    internal PickResult Pick(EndPointPicker picker, ulong? affinity = null, ReadOnlySpan<ulong> avoid = default) => picker.Pick(new PickContext
    {
        Now = Clock.GetTimestamp(),
        Entropy = (ulong)_random.NextInt64(long.MinValue, long.MaxValue),
        AffinityHash = affinity,
        Avoid = avoid,
    });

    /// <summary>Picks so often, with nothing in flight, and counts who was picked.</summary>
    internal int[] Count(EndPointPicker picker, int picks, ReadOnlySpan<ulong> avoid = default)
    {
        int[] counts = new int[Candidates.Length];
        for (int i = 0; i < picks; i++)
        {
            PickResult result = Pick(picker, avoid: avoid);
            counts[result.Index]++;
        }

        return counts;
    }
}
