using System.Runtime.CompilerServices;

namespace Net.Client.Internal;

/// <summary>
/// A number that fades with time, and the time of its last change, in one 64-bit word, so that both change together without a lock: the upper half is a float, the lower half
/// milliseconds of the owner's clock.
/// </summary>
/// <remarks>The milliseconds wrap around after 49 days; a figure that nobody touched for exactly so long reads as fresh once more, which costs one wrong pick.</remarks>
internal struct DecayingFigure
{
    // Beyond so many time constants less than a 20,000th is left.
    private const double Forgotten = 10;

    private long _word;

    /// <summary>Whether nothing was ever noted, which for most figures and most of the time is so.</summary>
    internal readonly bool IsUntouched => Volatile.Read(in _word) == 0;

    /// <summary>The value and how old it is, in milliseconds.</summary>
    internal readonly (double Value, uint Age) Read(uint now)
    {
        long word = Volatile.Read(in _word);
        return (ValueOf(word), AgeOf(word, now));
    }

    /// <summary>The value after fading towards zero.</summary>
    internal readonly double Read(uint now, double memory)
    {
        long word = Volatile.Read(in _word);
        return word >>> 32 == 0 ? 0 : ValueOf(word) * Fading(AgeOf(word, now), memory);
    }

    /// <summary>Sets the value.</summary>
    internal void Set(double value, uint now) => Volatile.Write(ref _word, Pack(value, now));

    /// <summary>Adds to what is left of the value.</summary>
    internal void Add(double amount, uint now, double memory)
    {
        long seen = Volatile.Read(ref _word);
        while (true)
        {
            double value = (ValueOf(seen) * Fading(AgeOf(seen, now), memory)) + amount;
            long found = Interlocked.CompareExchange(ref _word, Pack(value, now), seen);
            if (found == seen)
            {
                return;
            }

            seen = found;
        }
    }

    /// <summary>Takes in a sample: a higher one at once, a lower one by and by (a peak-sensitive moving average).</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="floor">What the value fades to while no sample comes.</param>
    /// <param name="now">Milliseconds.</param>
    /// <param name="memory">Time constant, milliseconds.</param>
    internal void Observe(double sample, double floor, uint now, double memory)
    {
        long seen = Volatile.Read(ref _word);
        while (true)
        {
            double value = ValueOf(seen);
            uint age = AgeOf(seen, now);
            double fading = Fading(age, memory);
            bool isHigher = sample > Faded(value, floor, fading);

            // Within a millisecond the first sample stands for all that are no higher: the steps of a busy end point would be too small for the float otherwise.
            if (!isHigher && age == 0)
            {
                return;
            }

            double next = isHigher ? sample : sample + ((value - sample) * fading);
            long found = Interlocked.CompareExchange(ref _word, Pack(next, now), seen);
            if (found == seen)
            {
                return;
            }

            seen = found;
        }
    }

    /// <summary>A value after fading towards a floor; a value below the floor stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Faded(double value, double floor, uint age, double memory) =>
        value <= floor || age == 0 ? value : Faded(value, floor, Fading(age, memory));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Faded(double value, double floor, double fading) => value <= floor ? value : floor + ((value - floor) * fading);

    // Under load most figures are younger than a millisecond.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Fading(uint age, double memory) => age == 0 ? 1 : FadingOf(age, memory);

    private static double FadingOf(uint age, double memory)
    {
        double ages = age / memory;
        return ages > Forgotten ? 0 : Math.Exp(-ages);
    }

    private static double ValueOf(long word) => BitConverter.Int32BitsToSingle((int)(word >> 32));

    // A clock reading that another thread took a moment earlier is no age of 49 days.
    private static uint AgeOf(long word, uint now)
    {
        uint age = now - (uint)word;
        return age > int.MaxValue ? 0 : age;
    }

    private static long Pack(double value, uint now) => ((long)BitConverter.SingleToInt32Bits((float)value) << 32) | now;
}
