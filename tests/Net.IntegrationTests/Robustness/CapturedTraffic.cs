namespace Net.IntegrationTests.Robustness;

/// <summary>Datagrams seen on their way, the latest of each kind. Any thread may add and take.</summary>
internal sealed class CapturedTraffic
{
    private const int MaxOfEachKind = 256;
    private const int MinInitial = 1200;
    private readonly Lock _lock = new();
    private readonly List<byte[]>[] _kinds = [[], [], []];
    private long _added;

    /// <summary>Adds a copy of a datagram.</summary>
    internal void Add(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
        {
            return;
        }

        CapturedKind kind = (data[0] & 0x80) == 0 ? CapturedKind.Short : data.Length >= MinInitial ? CapturedKind.FirstFlight : CapturedKind.Long;
        lock (_lock)
        {
            List<byte[]> list = _kinds[(int)kind];
            if (list.Count < MaxOfEachKind)
            {
                list.Add(data.ToArray());
            }
            else
            {
                list[(int)(_added % MaxOfEachKind)] = data.ToArray();
            }

            _added++;
        }
    }

    /// <summary>Takes any datagram of a kind; an empty one when none was seen.</summary>
    internal byte[] Take(Random random, CapturedKind kind)
    {
        lock (_lock)
        {
            List<byte[]> list = _kinds[(int)kind];
            return list.Count == 0 ? [] : list[random.Next(list.Count)];
        }
    }

    internal int Count(CapturedKind kind)
    {
        lock (_lock)
        {
            return _kinds[(int)kind].Count;
        }
    }
}

/// <summary>Datagrams by how they begin.</summary>
internal enum CapturedKind
{
    /// <summary>A long header in a datagram as large as a first one must be.</summary>
    FirstFlight,

    /// <summary>Any other long header.</summary>
    Long,

    /// <summary>A short header: application data.</summary>
    Short,
}
