namespace Net.Chaos.Proxy;

/// <summary>What a proxy has carried, for each direction, and what it could not carry. Any thread may count and read.</summary>
internal sealed class TrafficCounters
{
    private readonly long[] _receivedBytes = new long[2];
    private readonly long[] _sentBytes = new long[2];
    private readonly long[] _receivedDatagrams = new long[2];
    private readonly long[] _sentDatagrams = new long[2];
    private readonly long[] _failedSends = new long[2];
    private long _sessions;
    private long _refusedSessions;
    private long _overflows;
    private long _strayDatagrams;
    private long _strayBytes;

    /// <summary>Connections accepted or client addresses seen so far.</summary>
    internal long Sessions => Interlocked.Read(ref _sessions);

    /// <summary>Clients that found the limit of sessions reached, or whose way to the server could not be opened.</summary>
    internal long RefusedSessions => Interlocked.Read(ref _refusedSessions);

    /// <summary>Datagrams lost because a proxy held as many bytes as it may.</summary>
    internal long Overflows => Interlocked.Read(ref _overflows);

    /// <summary>Datagrams that the server sent to an address from which a toxic had replayed.</summary>
    internal long StrayDatagrams => Interlocked.Read(ref _strayDatagrams);

    /// <summary>The bytes of <see cref="StrayDatagrams"/>.</summary>
    internal long StrayBytes => Interlocked.Read(ref _strayBytes);

    internal long ReceivedBytes(ToxicStream stream) => Interlocked.Read(ref _receivedBytes[(int)stream]);

    internal long SentBytes(ToxicStream stream) => Interlocked.Read(ref _sentBytes[(int)stream]);

    internal long ReceivedDatagrams(ToxicStream stream) => Interlocked.Read(ref _receivedDatagrams[(int)stream]);

    internal long SentDatagrams(ToxicStream stream) => Interlocked.Read(ref _sentDatagrams[(int)stream]);

    /// <summary>Datagrams that the kernel would not take.</summary>
    internal long FailedSends(ToxicStream stream) => Interlocked.Read(ref _failedSends[(int)stream]);

    internal void AddReceived(ToxicStream stream, long bytes, long datagrams = 0)
    {
        Interlocked.Add(ref _receivedBytes[(int)stream], bytes);
        Interlocked.Add(ref _receivedDatagrams[(int)stream], datagrams);
    }

    internal void AddSent(ToxicStream stream, long bytes, long datagrams = 0)
    {
        Interlocked.Add(ref _sentBytes[(int)stream], bytes);
        Interlocked.Add(ref _sentDatagrams[(int)stream], datagrams);
    }

    internal void AddFailedSends(ToxicStream stream, long datagrams) => Interlocked.Add(ref _failedSends[(int)stream], datagrams);

    internal void AddSession() => Interlocked.Increment(ref _sessions);

    internal void AddRefusedSession() => Interlocked.Increment(ref _refusedSessions);

    internal void AddOverflow() => Interlocked.Increment(ref _overflows);

    internal void AddStray(long bytes, long datagrams)
    {
        Interlocked.Add(ref _strayBytes, bytes);
        Interlocked.Add(ref _strayDatagrams, datagrams);
    }
}
