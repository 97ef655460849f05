namespace Net.Security;

/// <summary>The keys that an issuer's tokens may be signed with. Immutable; a rotation makes a new one.</summary>
public sealed class TokenKeySet
{
    /// <summary>The most keys that a set may have.</summary>
    public const int MaxKeys = 64;

    /// <summary>Makes a set.</summary>
    /// <param name="keys">The keys. No two of one id; at most one without.</param>
    /// <exception cref="ArgumentException">There are none or too many, or two have one id.</exception>
    public TokenKeySet(IEnumerable<TokenKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        Keys = [.. keys];
        if (Keys.Count is 0 or > MaxKeys)
        {
            throw new ArgumentException($"There are {Keys.Count} keys; a set has 1 to {MaxKeys}.", nameof(keys));
        }

        if (Keys.GroupBy(static key => key.Id, StringComparer.Ordinal).FirstOrDefault(static group => group.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"Two keys have {(twice.Key is null ? "no id" : $"the id '{PlainText.Clean(twice.Key)}'")}; a token could not say which it means.", nameof(keys));
        }
    }

    /// <summary>The keys.</summary>
    public IReadOnlyList<TokenKey> Keys { get; }

    /// <summary>Reads a JWK or a JWK set (RFC 7517).</summary>
    /// <param name="json">The text.</param>
    /// <returns>The set.</returns>
    /// <exception cref="ArgumentException">It cannot be read, or a key in it cannot be used; the message says which and why. Keys of other kinds or for encryption are left out, as RFC 7517, section 5, asks.</exception>
    public static TokenKeySet FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return new TokenKeySet(JwkReader.Read(json));
    }

    /// <summary>Finds the key of a token.</summary>
    /// <param name="id">The <c>kid</c> of the token; <c>null</c>: it has none. It is compared with the ids here and used for nothing else.</param>
    /// <param name="algorithm">What the token says that it is signed with.</param>
    /// <returns><c>null</c> when there is none, the key is not for this algorithm, or the token names none and there are several.</returns>
    internal TokenKey? Find(string? id, TokenAlgorithm algorithm)
    {
        TokenKey? found = null;
        foreach (TokenKey key in Keys)
        {
            if (id is not null && !string.Equals(key.Id, id, StringComparison.Ordinal))
            {
                continue;
            }

            if (!key.Algorithms.Contains(algorithm))
            {
                continue;
            }

            if (found is not null)
            {
                return null;
            }

            found = key;
        }

        return found;
    }
}
