using System.Collections;
using System.Text;

namespace Net;

/// <summary>Names with values that go with a stream, in order. A name may stand more than once. Immutable.</summary>
/// <remarks>Values may be secrets, such as tokens: nothing here puts them into a text.</remarks>
public sealed class RawStreamMetadata : IReadOnlyList<RawStreamMetadataEntry>, IEquatable<RawStreamMetadata>
{
    private readonly RawStreamMetadataEntry[] _entries;

    internal RawStreamMetadata(RawStreamMetadataEntry[] entries)
    {
        _entries = entries;
        foreach (RawStreamMetadataEntry entry in entries)
        {
            Size += entry.Name.Length + entry.Value.Length;
        }
    }

    /// <summary>No metadata.</summary>
    public static RawStreamMetadata Empty { get; } = new([]);

    /// <inheritdoc/>
    public int Count => _entries.Length;

    /// <summary>Bytes of all names and values together.</summary>
    public int Size { get; }

    /// <inheritdoc/>
    public RawStreamMetadataEntry this[int index] => _entries[index];

    /// <summary>Makes metadata out of texts.</summary>
    /// <param name="entries">Names and values; values are sent as UTF-8.</param>
    /// <returns>The metadata.</returns>
    /// <exception cref="ArgumentException">A name is no lower-case token of 1 to 255 ASCII characters.</exception>
    public static RawStreamMetadata Create(params ReadOnlySpan<(string Name, string Value)> entries)
    {
        RawStreamMetadata metadata = Empty;
        foreach ((string name, string value) in entries)
        {
            metadata = metadata.Add(name, value);
        }

        return metadata;
    }

    /// <summary>Makes a copy with one more entry at the end.</summary>
    /// <param name="name">Lower-case ASCII token of 1 to 255 characters (the tchar of RFC 9110, section 5.6.2, without upper-case letters).</param>
    /// <param name="value">The bytes; they are copied.</param>
    /// <returns>The copy.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is no such token.</exception>
    public RawStreamMetadata Add(string name, ReadOnlySpan<byte> value)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsValidName(name))
        {
            throw new ArgumentException(
                $"The metadata name '{name}' is no lower-case token; write 1 to 255 characters out of a-z, 0-9 and !#$%&'*+-.^_`|~.", nameof(name));
        }

        return new RawStreamMetadata([.. _entries, new RawStreamMetadataEntry(name, value.ToArray())]);
    }

    /// <summary>Makes a copy with one more entry at the end.</summary>
    /// <param name="name">Lower-case ASCII token of 1 to 255 characters.</param>
    /// <param name="value">The text; it is sent as UTF-8.</param>
    /// <returns>The copy.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is no such token.</exception>
    public RawStreamMetadata Add(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Add(name, Encoding.UTF8.GetBytes(value));
    }

    /// <summary>Finds the first value of a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">The value.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGetValue(string name, out ReadOnlyMemory<byte> value)
    {
        foreach (RawStreamMetadataEntry entry in _entries)
        {
            if (string.Equals(entry.Name, name, StringComparison.Ordinal))
            {
                value = entry.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Finds the first value of a name and reads it as UTF-8.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The text, or <c>null</c> when there is none.</returns>
    public string? GetText(string name) => TryGetValue(name, out ReadOnlyMemory<byte> value) ? Encoding.UTF8.GetString(value.Span) : null;

    /// <inheritdoc/>
    public bool Equals(RawStreamMetadata? other) => other is not null && _entries.AsSpan().SequenceEqual(other._entries);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RawStreamMetadata);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (RawStreamMetadataEntry entry in _entries)
        {
            hash.Add(entry);
        }

        return hash.ToHashCode();
    }

    /// <summary>The names and how many bytes each value has.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Join(", ", _entries);

    /// <inheritdoc/>
    public IEnumerator<RawStreamMetadataEntry> GetEnumerator() => ((IEnumerable<RawStreamMetadataEntry>)_entries).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal static bool IsValidName(ReadOnlySpan<byte> name) =>
        name.Length is >= 1 and <= RawStreamProtocol.MaxMetadataNameSize && !name.ContainsAnyExcept(RawStreamNames.TokenBytes);

    private static bool IsValidName(string name) =>
        name.Length is >= 1 and <= RawStreamProtocol.MaxMetadataNameSize && !name.AsSpan().ContainsAnyExcept(RawStreamNames.TokenCharacters);
}
