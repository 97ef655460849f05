using System.Text;

namespace Net;

/// <summary>One name with its value.</summary>
public readonly struct RawStreamMetadataEntry : IEquatable<RawStreamMetadataEntry>
{
    internal RawStreamMetadataEntry(string name, ReadOnlyMemory<byte> value)
    {
        Name = name;
        Value = value;
    }

    /// <summary>Lower-case ASCII token of 1 to 255 characters.</summary>
    public string Name { get; }

    /// <summary>The value, any bytes. The metadata owns them.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>The value read as UTF-8; bytes that are none become U+FFFD.</summary>
    /// <returns>The text.</returns>
    public string GetText() => Encoding.UTF8.GetString(Value.Span);

    /// <inheritdoc/>
    public bool Equals(RawStreamMetadataEntry other) => Name == other.Name && Value.Span.SequenceEqual(other.Value.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is RawStreamMetadataEntry other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Name, StringComparer.Ordinal);
        hash.AddBytes(Value.Span);
        return hash.ToHashCode();
    }

    /// <summary>Whether two entries have the same name and bytes.</summary>
    /// <param name="left">One entry.</param>
    /// <param name="right">The other.</param>
    /// <returns>Whether they are equal.</returns>
    public static bool operator ==(RawStreamMetadataEntry left, RawStreamMetadataEntry right) => left.Equals(right);

    /// <summary>Whether two entries differ.</summary>
    /// <param name="left">One entry.</param>
    /// <param name="right">The other.</param>
    /// <returns>Whether they differ.</returns>
    public static bool operator !=(RawStreamMetadataEntry left, RawStreamMetadataEntry right) => !left.Equals(right);

    /// <summary>The name and how many bytes the value has; never the value, which may be a secret.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Name} ({Value.Length} bytes)";
}
