using System.Text;

namespace Net.Grpc;

/// <summary>One name and value of metadata.</summary>
public readonly record struct GrpcMetadataEntry
{
    private readonly string? _text;
    private readonly ReadOnlyMemory<byte> _bytes;

    internal GrpcMetadataEntry(string name, string text)
    {
        Name = name;
        _text = text;
    }

    internal GrpcMetadataEntry(string name, ReadOnlyMemory<byte> bytes)
    {
        Name = name;
        _bytes = bytes;
    }

    /// <summary>The name, in lower case. It ends in <c>-bin</c> for bytes.</summary>
    public string Name { get; }

    /// <summary>Whether the value is bytes, which travel as base64.</summary>
    public bool IsBinary => _text is null;

    /// <summary>The text, or for bytes their base64 form without padding.</summary>
    public string Value => _text ?? MetadataBase64.Encode(_bytes.Span);

    /// <summary>The bytes, or for text its ASCII bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _text is null ? _bytes : Encoding.ASCII.GetBytes(_text);

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Value}";

    /// <summary>Compares name and value.</summary>
    /// <param name="other">Another entry.</param>
    /// <returns>Whether they are the same.</returns>
    public bool Equals(GrpcMetadataEntry other) => Name == other.Name && _text == other._text && _bytes.Span.SequenceEqual(other._bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, _text, _bytes.Length);
}
