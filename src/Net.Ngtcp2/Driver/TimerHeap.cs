namespace Net.Ngtcp2.Driver;

/// <summary>The next expiry among many connections in O(log n): a binary heap whose entries know their place, so that one can be moved when its time changes.</summary>
internal sealed class TimerHeap
{
    private ConnectionDriver[] _items = new ConnectionDriver[16];
    private int _count;

    /// <summary>The earliest expiry in nanoseconds, or <see cref="ulong.MaxValue"/>.</summary>
    internal ulong NextExpiry => _count == 0 ? ulong.MaxValue : _items[0].TimerExpiry;

    internal int Count => _count;

    /// <summary>Sets when a connection wants to be called; <see cref="ulong.MaxValue"/> takes it out.</summary>
    internal void Set(ConnectionDriver item, ulong expiry)
    {
        if (item.TimerIndex < 0)
        {
            item.TimerExpiry = expiry;
            if (expiry != ulong.MaxValue)
            {
                Add(item);
            }

            return;
        }

        if (expiry == ulong.MaxValue)
        {
            Remove(item);
            return;
        }

        ulong old = item.TimerExpiry;
        item.TimerExpiry = expiry;
        if (expiry < old)
        {
            MoveUp(item.TimerIndex);
        }
        else if (expiry > old)
        {
            MoveDown(item.TimerIndex);
        }
    }

    /// <summary>Takes a connection out; nothing happens when it is not in.</summary>
    internal void Remove(ConnectionDriver item)
    {
        int index = item.TimerIndex;
        item.TimerExpiry = ulong.MaxValue;
        if (index < 0)
        {
            return;
        }

        item.TimerIndex = -1;
        ConnectionDriver last = _items[--_count];
        _items[_count] = null!;
        if (!ReferenceEquals(last, item))
        {
            Place(last, index);
            MoveUp(index);
            MoveDown(last.TimerIndex);
        }
    }

    /// <summary>The connection whose time has come first, or <c>null</c> when none is due. It stays in the heap.</summary>
    internal ConnectionDriver? PeekDue(ulong now) => _count > 0 && _items[0].TimerExpiry <= now ? _items[0] : null;

    private void Add(ConnectionDriver item)
    {
        if (_count == _items.Length)
        {
            Array.Resize(ref _items, _count * 2);
        }

        Place(item, _count++);
        MoveUp(item.TimerIndex);
    }

    private void Place(ConnectionDriver item, int index)
    {
        _items[index] = item;
        item.TimerIndex = index;
    }

    private void MoveUp(int index)
    {
        ConnectionDriver item = _items[index];
        while (index > 0)
        {
            int parent = (index - 1) / 2;
            if (_items[parent].TimerExpiry <= item.TimerExpiry)
            {
                break;
            }

            Place(_items[parent], index);
            index = parent;
        }

        Place(item, index);
    }

    private void MoveDown(int index)
    {
        ConnectionDriver item = _items[index];
        while (true)
        {
            int child = (2 * index) + 1;
            if (child >= _count)
            {
                break;
            }

            if (child + 1 < _count && _items[child + 1].TimerExpiry < _items[child].TimerExpiry)
            {
                child++;
            }

            if (_items[child].TimerExpiry >= item.TimerExpiry)
            {
                break;
            }

            Place(_items[child], index);
            index = child;
        }

        Place(item, index);
    }
}
