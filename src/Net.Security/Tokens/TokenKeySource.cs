namespace Net.Security;

/// <summary>Where an issuer's keys come from: fixed ones, or a file that is watched.</summary>
public abstract class TokenKeySource
{
    /// <summary>The keys as they are now. The same object as long as they do not change: whoever remembers a verdict remembers it with its set.</summary>
    public abstract TokenKeySet Current { get; }

    /// <summary>Takes keys that do not change.</summary>
    /// <param name="keys">The keys.</param>
    /// <returns>The source.</returns>
    public static TokenKeySource FromKeys(params IReadOnlyList<TokenKey> keys) => new Fixed(new TokenKeySet(keys));

    /// <summary>Takes keys out of a file: a JWK, a JWK set, or PEM. It is the caller's to dispose.</summary>
    /// <param name="file">The file, watched; made with <see cref="Parse"/>.</param>
    /// <returns>The source.</returns>
    public static TokenKeySource FromFile(WatchedFile<TokenKeySet> file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new Watched(file);
    }

    /// <summary>Reads a file of keys.</summary>
    /// <param name="content">What it holds: JSON (a JWK or a JWK set) or PEM (one public key or certificate, which gets no id).</param>
    /// <returns>The keys.</returns>
    /// <exception cref="ArgumentException">It holds no keys; the message says what is wrong.</exception>
    public static TokenKeySet Parse(ReadOnlyMemory<byte> content)
    {
        string text = System.Text.Encoding.UTF8.GetString(content.Span);
        return text.AsSpan().TrimStart() is ['{', ..] ? TokenKeySet.FromJson(text) : new TokenKeySet([TokenKey.FromPem(null, text)]);
    }

    private sealed class Fixed(TokenKeySet keys) : TokenKeySource
    {
        public override TokenKeySet Current => keys;
    }

    private sealed class Watched(WatchedFile<TokenKeySet> file) : TokenKeySource
    {
        public override TokenKeySet Current => file.Current;
    }
}
