using System.Diagnostics;
using System.Net;
using Net.Chaos.Proxy;
using Net.Ngtcp2.Udp;
using Net.Perf.Measuring;

namespace Net.Perf.Chaos;

/// <summary>What one flood took.</summary>
/// <param name="Datagrams">Datagrams that arrived.</param>
/// <param name="Lost">Datagrams that did not.</param>
/// <param name="Seconds">Wall-clock time.</param>
/// <param name="CpuSeconds">Processor time of the whole process: sender, proxy and receiver.</param>
internal readonly record struct FloodRound(long Datagrams, long Lost, double Seconds, double CpuSeconds)
{
    internal double PerSecond => Datagrams / Seconds;

    internal double MegabytesPerSecond => Datagrams * ProxiedFlood.DatagramBytes / 1e6 / Seconds;

    internal double CpuMicroseconds => CpuSeconds * 1e6 / Datagrams;
}

/// <summary>One thread that sends a window of datagrams and waits until they have come through: the ceiling of a proxy, or of no proxy.</summary>
internal sealed class ProxiedFlood(string name, bool isProxied, int perCall, params ToxicOptions[] toxics)
{
    internal const int DatagramBytes = 1200;

    // Less than the socket buffers hold, so that what is measured is work and not loss.
    private const int Window = 320;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    internal string Name => name;

    internal async Task<FloodRound> RunAsync(long datagrams)
    {
        using UdpSocket receiver = Open();
        IPEndPoint server = receiver.LocalAddress.ToIPEndPoint();
        ChaosProxy? proxy = isProxied ? await ProxyFactory.StartAsync(server, toxics).ConfigureAwait(false) : null;
        try
        {
            return await Task.Factory.StartNew(
                () => Run(receiver, SocketAddressBuffer.From(proxy?.EndPoint ?? server), datagrams), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        finally
        {
            if (proxy is not null)
            {
                await proxy.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static UdpSocket Open() => UdpSocket.Open(new UdpSocketOptions { LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0) });

    private FloodRound Run(UdpSocket receiver, SocketAddressBuffer target, long datagrams)
    {
        using UdpSocket sender = Open();
        using var wake = new EventFd();
        using var poller = new Poller(wake, 2);
        poller.Add(receiver);
        byte[] batch = new byte[perCall * DatagramBytes];
        long cpu = ProcessClock.Own;
        long started = Stopwatch.GetTimestamp();
        long sent = 0;
        long got = 0;
        long lost = 0;
        while (got + lost < datagrams)
        {
            for (int i = 0; i < Window; i += perCall)
            {
                sender.Send(sender.LocalAddress, target, 0, batch, DatagramBytes);
                sent += perCall;
            }

            while (got + lost < sent)
            {
                var handler = new Counter();
                while (receiver.ReceiveBatch(ref handler, receiver.ReceiveBatchSize) > 0)
                {
                    // Until the socket is empty.
                }

                got += handler.Datagrams;
                if (handler.Datagrams == 0 && !Wait(poller))
                {
                    lost = sent - got;
                }
            }
        }

        return new FloodRound(got, lost, Stopwatch.GetElapsedTime(started).TotalSeconds, (ProcessClock.Own - cpu) / 1e9);
    }

    private static bool Wait(Poller poller)
    {
        long started = Stopwatch.GetTimestamp();
        poller.Wait((long)Patience.TotalNanoseconds);
        return Stopwatch.GetElapsedTime(started) < Patience;
    }

    private struct Counter : IDatagramHandler
    {
        internal long Datagrams;

        public void HandleDatagram(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn) => Datagrams++;
    }
}
