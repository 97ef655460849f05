using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Net.Security;

/// <summary>A bounded map: what was not asked for while half of its room was used anew is forgotten. Reading takes no lock, and forgetting costs nothing at the moment of it.</summary>
internal sealed class TwoGenerationCache<TKey, TValue>(int capacity)
    where TKey : notnull
    where TValue : class
{
    private readonly Lock _lock = new();
    private readonly int _half = Math.Max(1, capacity / 2);
    private volatile ConcurrentDictionary<TKey, TValue> _young = new();
    private volatile ConcurrentDictionary<TKey, TValue> _old = new();
    private int _count;

    internal bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        if (_young.TryGetValue(key, out value))
        {
            return true;
        }

        if (!_old.TryGetValue(key, out value))
        {
            return false;
        }

        Set(key, value);
        return true;
    }

    internal TValue GetOrAdd(TKey key, Func<TKey, TValue> make)
    {
        if (TryGet(key, out TValue? value))
        {
            return value;
        }

        lock (_lock)
        {
            Turn_NeedsLock();
            ConcurrentDictionary<TKey, TValue> young = _young;
            value = make(key);
            if (young.TryAdd(key, value))
            {
                _count++;
                return value;
            }

            return young[key];
        }
    }

    internal void Set(TKey key, TValue value)
    {
        lock (_lock)
        {
            Turn_NeedsLock();
            if (_young.TryAdd(key, value))
            {
                _count++;
            }
            else
            {
                _young[key] = value;
            }
        }
    }

    internal void Remove(TKey key)
    {
        lock (_lock)
        {
            if (_young.TryRemove(key, out _))
            {
                _count--;
            }

            _old.TryRemove(key, out _);
        }
    }

    /// <summary>How many are remembered, at most <c>capacity</c>; some may be counted twice.</summary>
    internal int Count => _young.Count + _old.Count;

    // ConcurrentDictionary.Count takes all of its locks, so that the number is kept beside it.
    private void Turn_NeedsLock()
    {
        if (_count >= _half)
        {
            _old = _young;
            _young = new ConcurrentDictionary<TKey, TValue>();
            _count = 0;
        }
    }
}
