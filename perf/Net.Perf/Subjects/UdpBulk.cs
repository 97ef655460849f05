using System.Diagnostics;
using System.Net;
using Net.Ngtcp2.Udp;
using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>The limit of a transfer: one thread that sends batches of ten datagrams of 1,200 bytes through segmentation offload and receives them coalesced.</summary>
internal sealed class UdpBulk(string name = "UDP, GSO x10 and GRO") : IBulkTransfer
{
    private const int SegmentBytes = 1200;
    private const int BatchBytes = 10 * SegmentBytes;
    private const int BatchesInFlight = 16;

    public string Name => name;

    // On a thread of its own, as each socket belongs to one thread.
    public async Task<BulkRound> RunAsync(long bytes)
    {
        var result = new TaskCompletionSource<BulkRound>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                result.SetResult(Run(bytes));
            }
            catch (IOException exception)
            {
                result.SetException(exception);
            }
        })
        { IsBackground = true, Name = "perf-udp-bulk" }.Start();
        return await result.Task.WaitAsync(TimeSpan.FromMinutes(2)).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static BulkRound Run(long bytes)
    {
        using UdpSocket sender = UdpSocket.Open(new UdpSocketOptions { LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0) });
        using UdpSocket receiver = UdpSocket.Open(new UdpSocketOptions { LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0) });
        byte[] batch = new byte[BatchBytes];
        SocketAddressBuffer from = sender.LocalAddress;
        SocketAddressBuffer to = receiver.LocalAddress;
        long cpu = ProcessClock.Own;
        long started = Stopwatch.GetTimestamp();
        long got = 0;
        while (got < bytes)
        {
            for (int i = 0; i < BatchesInFlight; i++)
            {
                sender.Send(from, to, 0, batch, SegmentBytes);
            }

            long before = got;
            var handler = new Counter();
            while (receiver.ReceiveBatch(ref handler, receiver.ReceiveBatchSize) > 0)
            {
                // Until the socket is empty.
            }

            got += handler.Bytes;
            if (got == before)
            {
                throw new IOException("No datagram arrived on loopback; is GSO refused, or a firewall in the way?");
            }
        }

        return new BulkRound(got, Stopwatch.GetElapsedTime(started).TotalSeconds, (ProcessClock.Own - cpu) / 1e9);
    }

    private struct Counter : IDatagramHandler
    {
        internal long Bytes;

        public void HandleDatagram(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn) => Bytes += data.Length;
    }
}
