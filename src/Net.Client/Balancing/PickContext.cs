namespace Net.Client;

/// <summary>What one pick depends on besides the candidates. Whoever picks fills it in; a picker draws neither the time nor chance itself.</summary>
public readonly ref struct PickContext
{
    /// <summary>The time: a <see cref="TimeProvider.GetTimestamp"/> of the channel's clock.</summary>
    public long Now { get; init; }

    /// <summary>64 random bits of the channel's <see cref="Random"/>.</summary>
    public ulong Entropy { get; init; }

    /// <summary>What keeps calls together on one end point, such as <see cref="Balancing.HashAffinity(ReadOnlySpan{char})"/> of a session's name; <c>null</c>: nothing does.</summary>
    public ulong? AffinityHash { get; init; }

    /// <summary>
    /// Candidates that must not be picked, as a set of bits: bit (i modulo 64) of word (i / 64) is candidate i. Words that are missing are zero. The call's earlier attempts
    /// went there, or their breaker refuses.
    /// </summary>
    public ReadOnlySpan<ulong> Avoid { get; init; }

    /// <summary>Whether a candidate must not be picked.</summary>
    /// <param name="index">Index of the candidate.</param>
    /// <returns>Whether its bit is set in <see cref="Avoid"/>.</returns>
    public bool IsAvoided(int index)
    {
        int word = index >>> 6;
        return (uint)word < (uint)Avoid.Length && (Avoid[word] >> (index & 63) & 1) != 0;
    }
}
