using System.Text;

namespace Net.Http3;

/// <summary>Header fields as bytes in one reusable block, ready for the encoder. Not for two threads at once.</summary>
internal sealed class HeaderFieldBuffer
{
    private byte[] _bytes = new byte[1024];
    private HeaderField[] _fields = new HeaderField[24];
    private int _used;
    private Uri? _lastUri;
    private string _lastAuthority = "";

    /// <summary>How many fields there are.</summary>
    internal int Count { get; private set; }

    /// <summary>The size that a peer's limit is compared with: names, values and 32 bytes for each field (RFC 9114, section 4.2.2).</summary>
    internal long SectionSize => _used + (32L * Count);

    /// <summary>Names and values.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _used);

    /// <summary>One field.</summary>
    internal HeaderField this[int index] => _fields[index];

    /// <summary>Forgets all fields, and a block that one large request made larger than most need.</summary>
    internal void Clear()
    {
        const int Kept = 64 << 10;
        _used = 0;
        Count = 0;
        if (_bytes.Length > Kept)
        {
            _bytes = new byte[1024];
        }
    }

    /// <summary>The authority of a URI; that of the one asked for last is remembered, as most requests of a connection name the same.</summary>
    internal string AuthorityOf(Uri uri)
    {
        if (!ReferenceEquals(uri, _lastUri))
        {
            if (_lastUri is null || _lastUri.Port != uri.Port || _lastUri.Scheme != uri.Scheme || _lastUri.IdnHost != uri.IdnHost)
            {
                _lastAuthority = RequestHeaders.AuthorityOf(uri);
            }

            _lastUri = uri;
        }

        return _lastAuthority;
    }

    /// <summary>Adds a field.</summary>
    /// <param name="name">The name, ASCII; written in lower case (RFC 9114, section 4.2).</param>
    /// <param name="value">The value.</param>
    /// <param name="encoding">How the value becomes bytes; <c>null</c>: Latin-1.</param>
    /// <param name="isSensitive">Whether no table may remember it (RFC 9204, section 7.1.3).</param>
    internal void Add(string name, string value, Encoding? encoding = null, bool isSensitive = false)
    {
        encoding ??= Encoding.Latin1;
        Reserve(name.Length + encoding.GetMaxByteCount(value.Length));
        int nameOffset = _used;
        foreach (char c in name)
        {
            _bytes[_used++] = (byte)(c is >= 'A' and <= 'Z' ? c | 0x20 : c);
        }

        int valueOffset = _used;
        _used += encoding.GetBytes(value, _bytes.AsSpan(_used));
        AddField(new HeaderField(nameOffset, name.Length, valueOffset, _used - valueOffset, isSensitive));
    }

    private void AddField(HeaderField field)
    {
        if (Count == _fields.Length)
        {
            Array.Resize(ref _fields, _fields.Length * 2);
        }

        _fields[Count++] = field;
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - _used < count)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _used + count));
        }
    }
}
