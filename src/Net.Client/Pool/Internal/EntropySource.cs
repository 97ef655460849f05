using System.Numerics;
using System.Runtime.InteropServices;

namespace Net.Client.Internal;

/// <summary>Random bits for picks, from many threads at once: SplitMix64 on a place for each thread, seeded from the channel's chance. Two threads that share a place may rarely draw the same bits.</summary>
internal sealed class EntropySource
{
    private const ulong Step = 0x9e3779b97f4a7c15;

    private readonly Place[] _places;

    internal EntropySource(Random random, bool isSingleThreaded)
    {
        _places = new Place[isSingleThreaded ? 1 : (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount * 2, 256))];
        foreach (ref Place place in _places.AsSpan())
        {
            place.State = (ulong)random.NextInt64();
        }
    }

    internal ulong Next()
    {
        ref ulong state = ref _places[Environment.CurrentManagedThreadId & (_places.Length - 1)].State;
        state += Step;
        return Chance.Mix(state);
    }

    // Neighbours on one cache line would slow each other down.
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct Place
    {
        [FieldOffset(0)]
        internal ulong State;
    }
}
