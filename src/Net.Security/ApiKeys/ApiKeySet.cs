using System.Buffers.Binary;
using System.Buffers.Text;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Net.Security;

/// <summary>The API keys that a server takes, as it stores them: without their secrets. Immutable; a change of the file makes a new one.</summary>
public sealed class ApiKeySet
{
    /// <summary>The shortest pepper, in bytes.</summary>
    public const int MinPepperBytes = 32;

    /// <summary>The most keys that a set may have.</summary>
    public const int MaxKeys = 100_000;

    // Found by the beginning of the hash and not by the id: nobody without the pepper can tell or choose where a key is looked for, so that the time of the search says nothing.
    private readonly FrozenDictionary<UInt128, Stored> _keys;
    private readonly byte[] _pepper;

    /// <summary>Makes a set.</summary>
    /// <param name="entries">The keys.</param>
    /// <param name="pepper">The server's secret under which keys are hashed: whoever has only the file of keys cannot try any against it. It is copied.</param>
    /// <exception cref="ArgumentException">Entries cannot be used, or the pepper is too short; the message lists every fault.</exception>
    public ApiKeySet(IEnumerable<ApiKeyEntry> entries, ReadOnlySpan<byte> pepper)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var faults = new OptionFaults(nameof(ApiKeySet));
        if (pepper.Length < MinPepperBytes)
        {
            faults.Add("pepper", $"has {pepper.Length} bytes; it needs at least {MinPepperBytes}. `openssl rand -out FILE {MinPepperBytes}` makes one.");
        }

        _pepper = pepper.ToArray();
        Entries = [.. entries];
        if (Entries.Count > MaxKeys)
        {
            faults.Add("keys", $"are {Entries.Count}; there may be {MaxKeys}.");
        }

        var keys = new Dictionary<UInt128, Stored>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < Entries.Count; i++)
        {
            Add(keys, ids, Entries[i], i, faults);
        }

        faults.ThrowIfAny();
        _keys = keys.ToFrozenDictionary();
    }

    /// <summary>The keys as they are stored.</summary>
    public IReadOnlyList<ApiKeyEntry> Entries { get; }

    /// <summary>Reads the file of keys: <c>{ "keys": [ { "id", "hash", "name", "roles", "created", "notBefore", "expires" } ] }</c>.</summary>
    /// <param name="json">Its content.</param>
    /// <param name="pepper">The server's secret.</param>
    /// <returns>The set.</returns>
    /// <exception cref="ArgumentException">It cannot be read, holds what is not known, or has faulty entries.</exception>
    public static ApiKeySet Parse(ReadOnlySpan<byte> json, ReadOnlySpan<byte> pepper)
    {
        try
        {
            ApiKeyDocument document = JsonSerializer.Deserialize(json, ApiKeyJson.Default.ApiKeyDocument) ?? throw new ArgumentException("The file of API keys holds null.", nameof(json));
            return new ApiKeySet(document.Keys, pepper);
        }
        catch (JsonException exception)
        {
            throw new ArgumentException($"The file of API keys cannot be read: {exception.Message}", nameof(json), exception);
        }
    }

    /// <summary>Writes entries as <see cref="Parse"/> reads them.</summary>
    /// <param name="entries">The entries.</param>
    /// <returns>The content of the file.</returns>
    public static byte[] Format(IEnumerable<ApiKeyEntry> entries) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(new ApiKeyDocument { Keys = [.. entries] }, ApiKeyJson.Default.ApiKeyDocument), (byte)'\n'];

    /// <summary>Makes what is stored of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="pepper">The server's secret.</param>
    /// <returns>The hash in base64url.</returns>
    public static string HashOf(ApiKey key, ReadOnlySpan<byte> pepper)
    {
        ArgumentNullException.ThrowIfNull(key);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        ApiKey.Hash(key.Text, pepper, hash);
        return Base64Url.EncodeToString(hash);
    }

    /// <summary>Checks a key. Takes as long for a key that does not exist as for a wrong secret: an HMAC and one comparison in constant time.</summary>
    /// <param name="text">The key; it has the form of one.</param>
    /// <param name="now">The time.</param>
    /// <param name="principal">Who calls.</param>
    /// <returns>Why it is refused.</returns>
    internal AuthenticationFailure Check(ReadOnlySpan<char> text, DateTimeOffset now, out Principal? principal)
    {
        principal = null;
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        ApiKey.Hash(text, _pepper, hash);
        Stored stored = _keys.GetValueOrDefault(BeginningOf(hash), Stored.Nobody);
        if (!CryptographicOperations.FixedTimeEquals(hash, stored.Hash) || !text.Slice(ApiKey.Prefix.Length, ApiKey.IdLength).SequenceEqual(stored.Entry.Id))
        {
            return AuthenticationFailure.UnknownApiKey;
        }

        // Whoever has the secret may know more.
        if (now >= stored.Entry.Expires)
        {
            return AuthenticationFailure.Expired;
        }

        if (now < stored.Entry.NotBefore)
        {
            return AuthenticationFailure.NotYetValid;
        }

        principal = new Principal(PrincipalKind.ApiKey, stored.Entry.Name, stored.Entry.Roles) { AuthenticatedAt = now, ExpiresAt = stored.Entry.Expires };
        return AuthenticationFailure.None;
    }

    private static UInt128 BeginningOf(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt128LittleEndian(hash);

    private static void Add(Dictionary<UInt128, Stored> keys, HashSet<string> ids, ApiKeyEntry? entry, int index, OptionFaults faults)
    {
        string property = $"keys[{index}]";
        if (entry is null)
        {
            faults.Add(property, "is null.");
            return;
        }

        if (!ApiKey.IsId(entry.Id))
        {
            faults.Add(property, $"has an id that is not {ApiKey.IdLength} letters of base 32.");
        }

        if (entry.Name is not { Length: > 0 and <= 256 } || PlainText.IsUnsafe(entry.Name))
        {
            faults.Add(property, "has no name of 1 to 256 characters of plain text.");
        }

        if (entry.Roles is null || entry.Roles.Any(string.IsNullOrEmpty))
        {
            faults.Add(property, "has roles that are null or empty.");
        }

        if (entry.NotBefore >= entry.Expires)
        {
            faults.Add(property, "expires before it begins.");
        }

        byte[] hash = new byte[HMACSHA256.HashSizeInBytes];
        if (entry.Hash is not { Length: 43 } || !Base64Url.IsValid(entry.Hash) || !Base64Url.TryDecodeFromChars(entry.Hash, hash, out int written) || written != hash.Length)
        {
            faults.Add(property, "has a hash that is no HMAC-SHA256 in base64url; `net apikey new` writes entries.");
        }
        else if (!keys.TryAdd(BeginningOf(hash), new Stored(entry, hash)))
        {
            faults.Add(property, "has the hash of another entry.");
        }

        if (entry.Id is not null && !ids.Add(entry.Id))
        {
            faults.Add(property, $"has the id '{PlainText.Clean(entry.Id)}', which another entry has.");
        }
    }

    private sealed record Stored(ApiKeyEntry Entry, byte[] Hash)
    {
        /// <summary>What a key that does not exist is compared with: no HMAC that anybody could make come out so.</summary>
        internal static readonly Stored Nobody = new(
            new ApiKeyEntry { Id = "", Hash = "", Name = "nobody", Expires = DateTimeOffset.MinValue }, RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes));
    }
}
