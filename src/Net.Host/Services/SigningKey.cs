using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Net.Hosting.Services;

/// <summary>One key for many threads: .NET's key objects promise nothing when two threads use one, so each use takes a copy that is free.</summary>
internal sealed class SigningKey<TKey> : IDisposable
    where TKey : AsymmetricAlgorithm
{
    private readonly ConcurrentBag<TKey> _free = [];
    private readonly Func<TKey, TKey> _copy;
    private readonly Lock _gate = new();
    private readonly TKey _original;

    internal SigningKey(TKey original, Func<TKey, TKey> copy)
    {
        _original = original;
        _copy = copy;
        PublicKey = original.ExportSubjectPublicKeyInfo();
    }

    /// <summary>SubjectPublicKeyInfo in DER.</summary>
    internal byte[] PublicKey { get; }

    internal byte[] Use(ReadOnlySpan<byte> data, SignFunction sign)
    {
        // As many copies as uses at once; the server's limit of streams bounds those.
        if (!_free.TryTake(out TKey? key))
        {
            lock (_gate)
            {
                key = _copy(_original);
            }
        }

        byte[] signature = sign(key, data);
        _free.Add(key);
        return signature;
    }

    public void Dispose()
    {
        while (_free.TryTake(out TKey? key))
        {
            key.Dispose();
        }

        _original.Dispose();
    }

    internal delegate byte[] SignFunction(TKey key, ReadOnlySpan<byte> data);
}
