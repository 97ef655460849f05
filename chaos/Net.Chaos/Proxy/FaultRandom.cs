using System.Text;

namespace Net.Chaos.Proxy;

/// <summary>Chance for one purpose: SplitMix64, whose numbers are the same on every machine and every release of the runtime. One thread uses it at a time.</summary>
/// <remarks>
/// Each toxic of each session draws from a generator of its own, made from the run's seed and the names of proxy and toxic, the session's number and the direction.
/// So what happens to one session does not depend on how many others there are, nor on which toxics stand before it.
/// </remarks>
internal sealed class FaultRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private ulong _state;
    private double _spareNormal = double.NaN;

    internal FaultRandom(ulong seed) => _state = seed;

    /// <summary>A seed for a purpose, from the seed of the run and what names the purpose.</summary>
    internal static ulong Split(ulong seed, string name, string detail, params ReadOnlySpan<long> numbers)
    {
        ulong mixed = Mix(seed + Golden);
        mixed = Absorb(mixed, name);
        mixed = Absorb(mixed, detail);
        foreach (long number in numbers)
        {
            mixed = Mix(mixed ^ ((ulong)number + Golden));
        }

        return mixed;
    }

    internal ulong Next() => Mix(_state += Golden);

    /// <summary>A number from 0 to below 1.</summary>
    internal double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A number from 0 to below <paramref name="limit"/>, which is at least 1.</summary>
    internal int NextInteger(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);

    /// <summary>Whether a chance comes true. Draws exactly once, so that one toxic's later choices do not depend on the probability.</summary>
    internal bool NextChance(double probability) => NextDouble() < probability;

    /// <summary>A number from the normal distribution with mean 0 and deviation 1 (Marsaglia's polar method).</summary>
    internal double NextNormal()
    {
        if (!double.IsNaN(_spareNormal))
        {
            double spare = _spareNormal;
            _spareNormal = double.NaN;
            return spare;
        }

        double x, y, square;
        do
        {
            x = (2 * NextDouble()) - 1;
            y = (2 * NextDouble()) - 1;
            square = (x * x) + (y * y);
        }
        while (square is >= 1 or 0);
        double scale = Math.Sqrt(-2 * Math.Log(square) / square);
        _spareNormal = y * scale;
        return x * scale;
    }

    /// <summary>Fills memory.</summary>
    internal void NextBytes(Span<byte> target)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = (byte)(Next() >> 56);
        }
    }

    private static ulong Absorb(ulong state, string text)
    {
        Span<byte> utf8 = stackalloc byte[256];
        foreach (char[] part in text.Chunk(64))
        {
            int length = Encoding.UTF8.GetBytes(part, utf8);
            foreach (byte one in utf8[..length])
            {
                state = Mix(state ^ one);
            }
        }

        // The end of a name counts, so that "a" + "bc" and "ab" + "c" differ.
        return Mix(state ^ 0x100);
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
