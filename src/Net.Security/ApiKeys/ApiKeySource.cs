namespace Net.Security;

/// <summary>Where the API keys come from: a fixed set, or a file that is watched.</summary>
public abstract class ApiKeySource
{
    /// <summary>The keys as they are now. The same object as long as they do not change.</summary>
    public abstract ApiKeySet Current { get; }

    /// <summary>Takes keys that do not change.</summary>
    /// <param name="keys">The keys.</param>
    /// <returns>The source.</returns>
    public static ApiKeySource FromKeys(ApiKeySet keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new Fixed(keys);
    }

    /// <summary>Takes keys out of a file. It is the caller's to dispose.</summary>
    /// <param name="file">The file, watched; made with <see cref="ApiKeySet.Parse"/>.</param>
    /// <returns>The source.</returns>
    public static ApiKeySource FromFile(WatchedFile<ApiKeySet> file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new Watched(file);
    }

    private sealed class Fixed(ApiKeySet keys) : ApiKeySource
    {
        public override ApiKeySet Current => keys;
    }

    private sealed class Watched(WatchedFile<ApiKeySet> file) : ApiKeySource
    {
        public override ApiKeySet Current => file.Current;
    }
}
