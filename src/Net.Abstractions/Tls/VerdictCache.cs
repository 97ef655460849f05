using System.Diagnostics;

namespace Net;

/// <summary>SHA-256 over what a verdict depends on.</summary>
internal readonly record struct VerdictKey(UInt128 Low, UInt128 High);

/// <summary>Remembers verdicts up to a number and a time; the least recently used goes first. Thread-safe; the lock is held for a dictionary access only.</summary>
internal sealed class VerdictCache(int capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<VerdictKey, LinkedListNode<Entry>> _entries = [];

    // Most recently used first.
    private readonly LinkedList<Entry> _order = new();

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    public bool TryGet(in VerdictKey key, DateTimeOffset now, out PeerCertificateVerdict verdict)
    {
        verdict = default;
        if (capacity == 0)
        {
            return false;
        }

        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out LinkedListNode<Entry>? node))
            {
                return false;
            }

            // A clock that was set back makes an entry worthless, as its certificates may not be valid yet.
            if (now < node.Value.From || now >= node.Value.Until)
            {
                Remove(node);
                return false;
            }

            _order.Remove(node);
            _order.AddFirst(node);
            verdict = node.Value.Verdict;
            return true;
        }
    }

    public void Add(in VerdictKey key, DateTimeOffset from, DateTimeOffset until, in PeerCertificateVerdict verdict)
    {
        if (capacity == 0 || until <= from)
        {
            return;
        }

        lock (_lock)
        {
            if (_entries.TryGetValue(key, out LinkedListNode<Entry>? old))
            {
                Remove(old);
            }

            while (_entries.Count >= capacity)
            {
                Remove(_order.Last!);
            }

            _entries.Add(key, _order.AddFirst(new Entry(key, from, until, verdict)));
            Debug.Assert(_entries.Count == _order.Count, "Both views hold the same entries.");
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _entries.Remove(node.Value.Key);
        _order.Remove(node);
    }

    private readonly record struct Entry(VerdictKey Key, DateTimeOffset From, DateTimeOffset Until, PeerCertificateVerdict Verdict);
}
