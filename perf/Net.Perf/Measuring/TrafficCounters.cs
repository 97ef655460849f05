namespace Net.Perf.Measuring;

/// <summary>What the loops of both ends have done.</summary>
/// <param name="Packets">Datagrams sent.</param>
/// <param name="SendCalls">Calls of sendmsg.</param>
/// <param name="ReceivedPackets">Datagrams received.</param>
/// <param name="ReceiveCalls">Calls of recvmmsg.</param>
/// <param name="Waits">Calls of epoll_wait.</param>
/// <param name="Signals">Times that a thread was woken by another through the event, which is one write.</param>
internal readonly record struct TrafficCounters(long Packets, long SendCalls, long ReceivedPackets, long ReceiveCalls, long Waits, long Signals)
{
    /// <summary>All system calls counted here.</summary>
    internal long SystemCalls => SendCalls + ReceiveCalls + Waits + Signals;

    public static TrafficCounters operator -(TrafficCounters a, TrafficCounters b) => new(
        a.Packets - b.Packets, a.SendCalls - b.SendCalls, a.ReceivedPackets - b.ReceivedPackets, a.ReceiveCalls - b.ReceiveCalls, a.Waits - b.Waits, a.Signals - b.Signals);

    public static TrafficCounters operator +(TrafficCounters a, TrafficCounters b) => new(
        a.Packets + b.Packets, a.SendCalls + b.SendCalls, a.ReceivedPackets + b.ReceivedPackets, a.ReceiveCalls + b.ReceiveCalls, a.Waits + b.Waits, a.Signals + b.Signals);
}
