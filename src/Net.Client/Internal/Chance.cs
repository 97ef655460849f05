using System.Runtime.CompilerServices;

namespace Net.Client.Internal;

/// <summary>Turns the random bits of one pick into numbers.</summary>
internal static class Chance
{
    /// <summary>A number from 0 to below a limit, out of 32 random bits, without a division.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Below(uint bits, int limit) => (int)((ulong)bits * (uint)limit >> 32);

    /// <summary>Another 64 bits out of 64: the finalizer of SplitMix64, which changes every bit with a chance of one half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Mix(ulong value)
    {
        value += 0x9e3779b97f4a7c15;
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }

    /// <summary>A number from 0 to below 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Fraction(ulong bits) => (bits >> 11) * (1.0 / (1UL << 53));
}
