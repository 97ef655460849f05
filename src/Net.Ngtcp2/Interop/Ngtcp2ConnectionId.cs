using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

/// <summary>A connection id of 0 to 20 bytes. It compares by value, so it serves as a key of tables without an allocation.</summary>
// typedef struct ngtcp2_cid { size_t datalen; uint8_t data[NGTCP2_MAX_CIDLEN]; } ngtcp2_cid;
[StructLayout(LayoutKind.Sequential)]
internal struct ngtcp2_cid : IEquatable<ngtcp2_cid>
{
    /// <summary>Number of bytes in use, at most NGTCP2_MAX_CIDLEN.</summary>
    // size_t datalen;
    public nuint datalen;

    /// <summary>The id; bytes beyond <see cref="datalen"/> mean nothing.</summary>
    // uint8_t data[NGTCP2_MAX_CIDLEN];
    public ConnectionIdBytes data;

    /// <summary>Copies an id.</summary>
    /// <exception cref="ArgumentException">The id is longer than 20 bytes.</exception>
    public ngtcp2_cid(ReadOnlySpan<byte> id)
    {
        if (id.Length > Ngtcp2Native.NGTCP2_MAX_CIDLEN)
        {
            throw new ArgumentException($"A connection id has at most {Ngtcp2Native.NGTCP2_MAX_CIDLEN} bytes, not {id.Length}.", nameof(id));
        }

        datalen = (nuint)id.Length;
        data = default;
        id.CopyTo(data);
    }

    /// <summary>The bytes in use, in place. A length the library never makes is cut to the room there is.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> AsSpan() =>
        ((ReadOnlySpan<byte>)data)[..(int)Math.Min(datalen, Ngtcp2Native.NGTCP2_MAX_CIDLEN)];

    /// <inheritdoc/>
    public readonly bool Equals(ngtcp2_cid other) => datalen == other.datalen && AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is ngtcp2_cid other && Equals(other);

    /// <summary>A hash keyed by a secret of this process: peers choose some of the ids and must not be able to choose collisions.</summary>
    public override readonly int GetHashCode()
    {
        // The runtime's keyed hash (Marvin) takes characters; the last one tells ids apart that differ in trailing zeros only.
        Span<char> characters = stackalloc char[(Ngtcp2Native.NGTCP2_MAX_CIDLEN / sizeof(char)) + 1];
        characters.Clear();
        AsSpan().CopyTo(MemoryMarshal.AsBytes(characters));
        characters[^1] = (char)datalen;
        return string.GetHashCode(characters);
    }

    /// <summary>The id in lower-case hexadecimal.</summary>
    public override readonly string ToString() => Convert.ToHexStringLower(AsSpan());

    /// <summary>Whether both ids have the same bytes.</summary>
    public static bool operator ==(ngtcp2_cid left, ngtcp2_cid right) => left.Equals(right);

    /// <summary>Whether the ids differ.</summary>
    public static bool operator !=(ngtcp2_cid left, ngtcp2_cid right) => !left.Equals(right);
}
