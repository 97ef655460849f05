using System.Runtime.InteropServices;
using Net.Client.Internal;

namespace Net.Client;

/// <summary>The balancing policies that come with the library.</summary>
public static class Balancing
{
    /// <summary>Each in turn. The simplest; right when end points are equal and calls cost about the same.</summary>
    public static BalancingPolicy RoundRobin { get; } = new RoundRobinPolicy();

    /// <summary>Whoever has the fewest calls in flight for its weight. A good general choice: a slow end point keeps its calls longer, and so gets fewer.</summary>
    public static BalancingPolicy LeastConnections { get; } = new LeastConnectionsPolicy();

    /// <summary>In turn, each as often as its weight says, evenly spread. Right when the end points' sizes are known.</summary>
    public static BalancingPolicy Weighted { get; } = new WeightedPolicy();

    /// <summary>The one with fewer calls in flight of two drawn at random. As <see cref="LeastConnections"/>, at a cost that does not grow with the number of end points.</summary>
    public static BalancingPolicy PowerOfTwoChoices { get; } = new PowerOfTwoChoicesPolicy();

    /// <summary>The cheaper of two drawn at random, by the time that calls take, which starts from QUIC's own round-trip time. The best answer to end points that are slow or far.</summary>
    public static BalancingPolicy PeakEwma { get; } = new PeakEwmaPolicy();

    /// <summary>The same end point for the same <see cref="PickContext.AffinityHash"/>, as long as it is not loaded beyond its share.</summary>
    /// <param name="options">Its bounds; <c>null</c>: the defaults.</param>
    /// <returns>The policy.</returns>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public static BalancingPolicy RingHash(RingHashOptions? options = null) => new RingHashPolicy(options ?? RingHashOptions.Default);

    /// <summary>Finds a policy by its name, as configuration says it.</summary>
    /// <param name="name"><c>round_robin</c>, <c>least_connections</c>, <c>weighted</c>, <c>power_of_two_choices</c>, <c>peak_ewma</c> or <c>ring_hash</c>.</param>
    /// <returns>The policy.</returns>
    /// <exception cref="ArgumentException">There is no such policy; the message lists all.</exception>
    public static BalancingPolicy Parse(string name) => name switch
    {
        RoundRobinPolicy.PolicyName => RoundRobin,
        LeastConnectionsPolicy.PolicyName => LeastConnections,
        WeightedPolicy.PolicyName => Weighted,
        PowerOfTwoChoicesPolicy.PolicyName => PowerOfTwoChoices,
        PeakEwmaPolicy.PolicyName => PeakEwma,
        RingHashPolicy.PolicyName => RingHash(),
        _ => throw new ArgumentException(
            $"'{name}' is no balancing policy; use {RoundRobinPolicy.PolicyName}, {LeastConnectionsPolicy.PolicyName}, {WeightedPolicy.PolicyName}, "
            + $"{PowerOfTwoChoicesPolicy.PolicyName}, {PeakEwmaPolicy.PolicyName} or {RingHashPolicy.PolicyName}.",
            nameof(name)),
    };

    /// <summary>Makes an affinity hash of text, such as a session's or tenant's name. The same in every process and on every machine; not for secrets.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The hash, for <see cref="PickContext.AffinityHash"/>.</returns>
    public static ulong HashAffinity(ReadOnlySpan<char> text) => HashAffinity(MemoryMarshal.AsBytes(text));

    /// <summary>Makes an affinity hash of bytes. The same in every process and on every machine; not for secrets.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>The hash, for <see cref="PickContext.AffinityHash"/>.</returns>
    public static ulong HashAffinity(ReadOnlySpan<byte> bytes)
    {
        // FNV-1a, whose low bits are good and whose high bits are poor, and then a finalizer that spreads them.
        ulong hash = 0xcbf29ce484222325;
        foreach (byte value in bytes)
        {
            hash = (hash ^ value) * 0x100000001b3;
        }

        return Chance.Mix(hash);
    }
}
