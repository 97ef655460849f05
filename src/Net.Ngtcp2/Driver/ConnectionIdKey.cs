using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Net.Ngtcp2.Driver;

/// <summary>A QUIC connection id of up to 20 bytes as a dictionary key.</summary>
/// <remarks>Peers choose some of these ids: the hash is keyed with a secret of the process, so that nobody can aim at one bucket.</remarks>
internal readonly struct ConnectionIdKey : IEquatable<ConnectionIdKey>
{
    /// <summary>Longest connection id of QUIC version 1 and 2 (RFC 9000, section 17.2).</summary>
    internal const int MaxLength = 20;

    private static readonly ulong Secret0 = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;
    private static readonly ulong Secret1 = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;

    // 2^64 divided by the golden ratio: Fibonacci hashing.
    private const ulong Golden = 0x9e3779b97f4a7c15;

    private readonly ulong _first;
    private readonly ulong _second;
    private readonly uint _third;
    private readonly int _length;

    internal ConnectionIdKey(ReadOnlySpan<byte> id)
    {
        Span<byte> padded = stackalloc byte[24];
        padded.Clear();
        id.CopyTo(padded);
        _first = MemoryMarshal.Read<ulong>(padded);
        _second = MemoryMarshal.Read<ulong>(padded[8..]);
        _third = MemoryMarshal.Read<uint>(padded[16..]);
        _length = id.Length;
    }

    public bool Equals(ConnectionIdKey other) =>
        _first == other._first && _second == other._second && _third == other._third && _length == other._length;

    public override bool Equals(object? obj) => obj is ConnectionIdKey other && Equals(other);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override int GetHashCode()
    {
        ulong a = Math.BigMul(_first ^ Secret0, Secret1 ^ (ulong)_length, out ulong low) ^ low;
        ulong b = Math.BigMul(_second ^ Secret1 ^ a, Secret0 ^ _third, out low) ^ low;

        // A byte at the end of an id reaches few bits of a product, which ones depending on the secrets; this spreads them.
        return (int)(((b ^ (b >> 32)) * Golden) >> 32);
    }
}
