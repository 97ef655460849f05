using System.Net;
using System.Net.Sockets;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Udp;

namespace Net.Ngtcp2.Loop;

// The loop's thread.
internal sealed partial class UdpLoop
{
    private const int MaxWorkPerTurn = 1024;
    private const int MaxErrorsPerTurn = 64;

    // Datagrams of other loops that wait for one: a few milliseconds of a full line.
    private const int MaxForwardedWaiting = 4096;
    private const string NobodyListens = "the destination is unreachable: nobody listens on that port, or a firewall refuses it";

    /// <summary>Binds a port with as many loops as the engine is set to, and starts them.</summary>
    internal static UdpLoop[] StartListening(Ngtcp2Engine engine, ListenOptions options, ServerState state, out IPEndPoint bound)
    {
        int count = engine.Options.ListenerLoops;
        var loops = new UdpLoop[count];
        int made = 0;
        try
        {
            bound = options.LocalEndPoint;
            for (; made < count; made++)
            {
                loops[made] = new UdpLoop(engine, $"net-ngtcp2-listen-{options.LocalEndPoint.Port}-{made}", state, made, count);
                bool dualStack = bound.Address.Equals(IPAddress.IPv6Any);
                loops[made].OpenSocket(bound, reusePort: count > 1, dualStack);
                bound = new IPEndPoint(bound.Address, loops[made]._sockets[0]!.Socket.LocalAddress.Port);
            }

            if (count > 1)
            {
                // Without the kernel's help the loops forward to each other; with it they seldom need to.
                ReusePortSteering.TryAttach(loops.Select(static l => l._sockets[0]!.Socket).ToArray(), out _);
            }
        }
        catch
        {
            for (int i = 0; i <= made && i < count; i++)
            {
                loops[i]?.ReleaseSockets();
            }

            throw;
        }

        foreach (UdpLoop loop in loops)
        {
            loop._group = loops;
            loop.Start();
        }

        engine.Logger.Listening(bound, count);
        return loops;
    }

    private int _forwardedWaiting;

    private void Run()
    {
        try
        {
            while (!_stopping)
            {
                Wait();
                ReceiveAll();
                RunWork();
                Driver.HandleExpiries(Now);
                Driver.FlushReceived();

                // What the application did in its continuations goes out with this turn.
                RunWork();
                Driver.Write();
            }

            Driver.Shutdown(_stopReason);
            RunWork();
            Driver.Shutdown(_stopReason);
        }
        catch (Exception exception)
        {
            _engine.HandleLoopFailure(exception);
            Driver.Shutdown("the engine's loop failed: " + exception.Message);
        }
        finally
        {
            ReleaseSockets();
            _hasEnded = true;

            // Without it the look at the queue may come before the write, and what is posted in between waits for ever.
            Interlocked.MemoryBarrier();
            DropWork();
            _ended.TrySetResult();
        }
    }

    private void ReleaseSockets()
    {
        for (int i = 0; i < _sockets.Count; i++)
        {
            CloseSocket(i);
        }

        _timer?.Dispose();
        _poller.Dispose();
        _wake.Dispose();
    }

    private void Wait()
    {
        long timeout = Timeout();

        // From here on a poster wakes the loop; what was posted just before is seen by the look at the queue.
        Volatile.Write(ref _isAwake, 0);
        Interlocked.MemoryBarrier();
        if (!_work.IsEmpty || _stopping)
        {
            timeout = 0;
        }

        if (_timer is not null && timeout > 0)
        {
            // Time that is not the machine's own does not pass in a system call: its own timer wakes the loop.
            _timer.Change(TimeSpan.FromTicks(Math.Max(1, timeout / 100)), System.Threading.Timeout.InfiniteTimeSpan);
            timeout = -1;
        }

        _poller.Wait(timeout);
        Volatile.Write(ref _isAwake, 1);
        Counters.Waits++;
        if (_poller.WokenBySignal)
        {
            Counters.Signals++;
        }
    }

    private long Timeout()
    {
        if (Driver.HasWork)
        {
            return 0;
        }

        ulong expiry = Driver.NextExpiry;
        ulong now = Now;
        foreach (SocketSlot? slot in _sockets)
        {
            if (slot is { NeedsRetryTimer: true })
            {
                expiry = Math.Min(expiry, now + BlockedRetryNanoseconds);
            }
        }

        return expiry == ulong.MaxValue ? -1 : expiry <= now ? 0 : (long)Math.Min(expiry - now, long.MaxValue);
    }

    private void ReceiveAll()
    {
        for (int i = 0; i < _sockets.Count; i++)
        {
            if (_sockets[i] is not { } slot)
            {
                continue;
            }

            PollEvents events = _poller.EventsOf(slot.PollSlot);
            if ((events & PollEvents.Error) != 0)
            {
                ReadErrors(slot);
            }

            if ((events & PollEvents.Readable) != 0)
            {
                var handler = new Handler(this, slot.Number);
                slot.Socket.ReceiveBatch(ref handler, slot.Socket.ReceiveBatchSize);
            }

            if (slot.IsBlocked && (slot.NeedsRetryTimer || (events & PollEvents.Writable) != 0))
            {
                slot.Resume(_poller);
            }
        }
    }

    private void ReadErrors(SocketSlot slot)
    {
        for (int i = 0; i < MaxErrorsPerTurn && slot.Socket.TryReadError(out UdpError error); i++)
        {
            if (error.Errno == Errno.ECONNREFUSED && !error.Destination.IsUnspecified)
            {
                Driver.HandleUnreachable(error.Destination, NobodyListens);
            }
        }
    }

    private void RunWork()
    {
        for (int i = 0; i < MaxWorkPerTurn && _work.TryDequeue(out IDriverWork? work); i++)
        {
            try
            {
                work.Run();
            }
            catch (Exception exception)
            {
                // Work guards the connection it is for; what gets here has none, and the loop's connections must not pay for it.
                Logger.WorkFailed(exception);
            }
        }
    }

    private void Forward(int index, ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn)
    {
        UdpLoop target = _group[index];
        if (Interlocked.Increment(ref target._forwardedWaiting) > MaxForwardedWaiting)
        {
            // A loop that is behind must not eat memory: QUIC repeats what is lost.
            Interlocked.Decrement(ref target._forwardedWaiting);
            Counters.ForwardsDropped++;
            return;
        }

        target.Post(new ForwardedDatagram(target, data.ToArray(), local, remote, ecn));
    }

    private readonly struct Handler(UdpLoop loop, int socket) : IDatagramHandler
    {
        public void HandleDatagram(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn)
        {
            int owner = loop.Driver.HandleDatagram(data, local, remote, socket, ecn);
            if (owner >= 0)
            {
                loop.Forward(owner, data, local, remote, ecn);
            }
        }
    }

    // The loops of a group have one socket each, number 0, all bound to the same address.
    private sealed class ForwardedDatagram(UdpLoop loop, byte[] data, SocketAddressBuffer local, SocketAddressBuffer remote, byte ecn) : IDriverWork
    {
        public void Run()
        {
            Interlocked.Decrement(ref loop._forwardedWaiting);
            loop.Driver.HandleDatagram(data, local, remote, 0, ecn);
        }
    }
}
