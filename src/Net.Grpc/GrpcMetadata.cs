using System.Collections;

namespace Net.Grpc;

/// <summary>What travels beside the messages of a call, as names and values in order: headers of the request, headers and trailers of the response.</summary>
/// <remarks>
/// Names are lower-case letters, digits, <c>-</c>, <c>_</c> and <c>.</c>; a name may stand several times. Values are printable ASCII, or bytes when the name ends in <c>-bin</c>.
/// Not for several threads at once.
/// </remarks>
public sealed class GrpcMetadata : IReadOnlyList<GrpcMetadataEntry>
{
    /// <summary>What a name of bytes ends in.</summary>
    public const string BinarySuffix = "-bin";

    private readonly List<GrpcMetadataEntry> _entries = [];
    private bool _isReadOnly;

    /// <summary>Makes metadata that holds nothing yet.</summary>
    public GrpcMetadata()
    {
    }

    /// <summary>Makes metadata that holds what other metadata holds now, and takes more.</summary>
    /// <param name="other">What to copy; <c>null</c>: nothing.</param>
    public GrpcMetadata(GrpcMetadata? other)
    {
        if (other is not null)
        {
            _entries.AddRange(other._entries);
        }
    }

    /// <summary>Metadata that holds nothing and takes nothing.</summary>
    public static GrpcMetadata Empty { get; } = new GrpcMetadata { _isReadOnly = true };

    /// <inheritdoc/>
    public int Count => _entries.Count;

    /// <inheritdoc/>
    public GrpcMetadataEntry this[int index] => _entries[index];

    /// <summary>Adds text.</summary>
    /// <param name="name">The name; upper case is turned to lower case.</param>
    /// <param name="value">Printable ASCII, without white space at either end.</param>
    /// <exception cref="ArgumentException">The name or the value cannot be sent, or the name is one of the protocol's own.</exception>
    /// <exception cref="InvalidOperationException">It was received from the peer, or has been sent, and takes nothing more.</exception>
    public void Add(string name, string value)
    {
        ThrowIfReadOnly();
        ArgumentNullException.ThrowIfNull(value);
        string lower = MetadataNames.Check(name);
        if (MetadataNames.IsBinary(lower))
        {
            throw new ArgumentException($"'{lower}' ends in -bin, so its value is bytes; give them as bytes.", nameof(value));
        }

        MetadataNames.CheckValue(lower, value);
        _entries.Add(new(lower, value));
    }

    /// <summary>Adds bytes.</summary>
    /// <param name="name">The name; it ends in <c>-bin</c>.</param>
    /// <param name="value">The bytes. They are kept, not copied.</param>
    /// <exception cref="ArgumentException">The name cannot be sent, is one of the protocol's own, or does not end in <c>-bin</c>.</exception>
    /// <exception cref="InvalidOperationException">It was received from the peer, or has been sent, and takes nothing more.</exception>
    public void Add(string name, ReadOnlyMemory<byte> value)
    {
        ThrowIfReadOnly();
        string lower = MetadataNames.Check(name);
        if (!MetadataNames.IsBinary(lower))
        {
            throw new ArgumentException($"'{lower}' holds bytes, so its name must end in -bin.", nameof(name));
        }

        _entries.Add(new(lower, value));
    }

    /// <summary>Adds bytes.</summary>
    /// <param name="name">The name; it ends in <c>-bin</c>.</param>
    /// <param name="value">The bytes. They are kept, not copied.</param>
    public void Add(string name, byte[] value) => Add(name, (ReadOnlyMemory<byte>)value);

    /// <summary>Finds the last text of a name; where a name stands once, the only one.</summary>
    /// <param name="name">The name, in lower case.</param>
    /// <returns>The text, or <c>null</c> when there is none.</returns>
    public string? Get(string name)
    {
        for (int i = _entries.Count - 1; i >= 0; i--)
        {
            if (_entries[i].Name == name)
            {
                return _entries[i].Value;
            }
        }

        return null;
    }

    /// <summary>Finds the last bytes of a name.</summary>
    /// <param name="name">The name, in lower case, with <c>-bin</c>.</param>
    /// <param name="value">The bytes.</param>
    /// <returns>Whether there are any.</returns>
    public bool TryGetBytes(string name, out ReadOnlyMemory<byte> value)
    {
        for (int i = _entries.Count - 1; i >= 0; i--)
        {
            if (_entries[i].Name == name && _entries[i].IsBinary)
            {
                value = _entries[i].Bytes;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <inheritdoc/>
    public IEnumerator<GrpcMetadataEntry> GetEnumerator() => _entries.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Adds the peer's header as it came: unknown binary forms are dropped, as the value cannot be told (gRPC over HTTP/2, "Custom-Metadata").</summary>
    internal void AddReceived(string name, string value)
    {
        string lower = name.ToLowerInvariant();
        if (MetadataNames.IsOfProtocol(lower))
        {
            return;
        }

        if (!MetadataNames.IsBinary(lower))
        {
            _entries.Add(new(lower, value));
            return;
        }

        // Several values of one name may have been joined with commas, which base64 does not hold.
        foreach (Range part in value.AsSpan().Split(','))
        {
            if (MetadataBase64.TryDecode(value.AsSpan()[part].Trim(" \t"), out byte[]? bytes))
            {
                _entries.Add(new(lower, bytes));
            }
        }
    }

    internal GrpcMetadata AsReadOnly()
    {
        _isReadOnly = true;
        return this;
    }

    private void ThrowIfReadOnly()
    {
        if (_isReadOnly)
        {
            throw new InvalidOperationException("This metadata was received or has been sent already, so nothing can be added.");
        }
    }
}
