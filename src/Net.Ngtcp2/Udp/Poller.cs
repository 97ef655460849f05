using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

/// <summary>Waits for a wake-up event, a time and UDP sockets with epoll(7). One thread owns it; only <see cref="EventFd.Signal"/> is for others.</summary>
/// <remarks>
/// The descriptors are registered once, so that a wait costs the same however many sockets there are. Event and timer report each signal once (EPOLLET): nobody needs to read
/// them, which saves a system call for each wake-up.
/// </remarks>
internal sealed unsafe class Poller : IDisposable
{
    private const int MaxEventsPerWait = 64;
    private const long WakeData = -1;
    private const long TimerData = -2;
    private readonly FileDescriptorHandle _epoll;
    private readonly WakeTimer _timer;
    private readonly NativeBlock _block;
    private readonly byte* _events;
    private readonly List<Entry> _entries = [];
    private readonly int[] _ready = new int[MaxEventsPerWait];
    private readonly int _capacity;
    private int _readyCount;
    private bool _disposed;

    /// <summary>Makes a poller.</summary>
    /// <param name="wake">Ends a wait from any thread. The caller disposes it, after the poller.</param>
    /// <param name="capacity">Sockets it can hold at once, at least 1.</param>
    /// <exception cref="IOException">The kernel has no descriptor left.</exception>
    internal Poller(EventFd wake, int capacity)
    {
        ArgumentNullException.ThrowIfNull(wake);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
        _block = new NativeBlock((nuint)(MaxEventsPerWait * EventBuffer.Stride));
        _events = _block.Pointer;
        _epoll = new FileDescriptorHandle(Create());
        try
        {
            _timer = new WakeTimer();
            Control(LinuxSocket.EPOLL_CTL_ADD, wake.Descriptor, LinuxSocket.EPOLLIN | LinuxSocket.EPOLLET, WakeData);
            Control(LinuxSocket.EPOLL_CTL_ADD, _timer.Descriptor, LinuxSocket.EPOLLIN | LinuxSocket.EPOLLET, TimerData);
        }
        catch
        {
            _timer?.Dispose();
            _epoll.Dispose();
            _block.Dispose();
            throw;
        }
    }

    /// <summary>Whether the last <see cref="Wait"/> saw the wake-up event. Each signal is seen once.</summary>
    internal bool WokenBySignal { get; private set; }

    /// <summary>Starts to watch a socket for datagrams and errors.</summary>
    /// <returns>The slot of the socket: 0 or more, less than the capacity, and unused by any other socket until <see cref="Remove"/>.</returns>
    /// <exception cref="InvalidOperationException">Every slot is in use.</exception>
    /// <exception cref="IOException">The kernel refused.</exception>
    internal int Add(UdpSocket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ObjectDisposedException.ThrowIf(_disposed, this);
        ObjectDisposedException.ThrowIf(socket.IsDisposed, socket);
        int slot = _entries.FindIndex(static e => e.Descriptor < 0);
        if (slot < 0)
        {
            slot = _entries.Count;
            if (slot >= _capacity)
            {
                throw new InvalidOperationException($"The poller watches {_capacity} sockets already; make it with a larger capacity.");
            }

            _entries.Add(new Entry { Descriptor = -1 });
        }

        Control(LinuxSocket.EPOLL_CTL_ADD, socket.Descriptor, (uint)PollEvents.Readable, slot);
        _entries[slot] = new Entry { Descriptor = socket.Descriptor, Wanted = PollEvents.Readable };
        return slot;
    }

    /// <summary>Stops watching. To be called before the socket is disposed.</summary>
    internal void Remove(int slot)
    {
        ref Entry entry = ref EntryOf(slot);
        if (entry.Descriptor >= 0)
        {
            Control(LinuxSocket.EPOLL_CTL_DEL, entry.Descriptor, 0, slot);
            entry = new Entry { Descriptor = -1 };
        }
    }

    /// <summary>Says whether <see cref="Wait"/> also ends when the socket can send again. Off for a new socket.</summary>
    internal void SetWriteInterest(int slot, bool interested)
    {
        ref Entry entry = ref EntryOf(slot);
        PollEvents wanted = interested ? PollEvents.Readable | PollEvents.Writable : PollEvents.Readable;
        if (entry.Wanted != wanted && entry.Descriptor >= 0)
        {
            Control(LinuxSocket.EPOLL_CTL_MOD, entry.Descriptor, (uint)wanted, slot);
            entry.Wanted = wanted;
        }
    }

    /// <summary>What the last <see cref="Wait"/> saw on a socket.</summary>
    internal PollEvents EventsOf(int slot) => EntryOf(slot).Returned;

    /// <summary>Waits until a socket is ready, the event is signalled, or time is over. It may end a little too early, with nothing.</summary>
    /// <param name="timeoutNanoseconds">How long to wait at most. 0 looks and returns; a negative value waits for an event only.</param>
    /// <returns>How many sockets have something; 0 after a timeout, a signal alone, or an interruption.</returns>
    /// <exception cref="IOException">The kernel refused the call.</exception>
    internal int Wait(long timeoutNanoseconds)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ForgetReady();
        if (timeoutNanoseconds > 0)
        {
            _timer.FireWithin(timeoutNanoseconds);
        }

        int count = Libc.WaitForEvents(_epoll.Descriptor, _events, MaxEventsPerWait, timeoutNanoseconds == 0 ? 0 : -1);
        if (count < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            return errno is Errno.EINTR ? 0 : throw new IOException($"epoll_wait over {_entries.Count} sockets failed: {Errno.Describe(errno)}.");
        }

        for (int i = 0; i < count; i++)
        {
            Note(EventBuffer.DataAt(_events, i), (PollEvents)EventBuffer.EventsAt(_events, i));
        }

        return _readyCount;
    }

    /// <summary>Frees the memory and its own descriptors. The sockets and the event are not the poller's and stay open.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _epoll.Dispose();
            _timer.Dispose();
            _block.Dispose();
        }
    }

    private static int Create()
    {
        int descriptor = Libc.CreatePoll(LinuxSocket.EPOLL_CLOEXEC);
        return descriptor >= 0
            ? descriptor
            : throw new IOException($"epoll_create1 failed: {Errno.Describe(Marshal.GetLastPInvokeError())}. "
                + "If too many files are open, raise the limit ('ulimit -n', or LimitNOFILE in a systemd unit).");
    }

    private void Note(long data, PollEvents events)
    {
        switch (data)
        {
            case WakeData:
                WokenBySignal = true;
                break;
            case TimerData:
                _timer.NoteFired();
                break;
            default:
                EntryOf((int)data).Returned = events;
                _ready[_readyCount++] = (int)data;
                break;
        }
    }

    private void ForgetReady()
    {
        WokenBySignal = false;
        for (int i = 0; i < _readyCount; i++)
        {
            EntryOf(_ready[i]).Returned = PollEvents.None;
        }

        _readyCount = 0;
    }

    private void Control(int operation, int descriptor, uint events, long data)
    {
        byte* place = stackalloc byte[EventBuffer.Stride];
        EventBuffer.Write(place, events, data);
        if (Libc.ControlPoll(_epoll.Descriptor, operation, descriptor, place) != 0)
        {
            throw new IOException($"epoll_ctl({operation}) of descriptor {descriptor} failed: {Errno.Describe(Marshal.GetLastPInvokeError())}.");
        }
    }

    private ref Entry EntryOf(int slot)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, _entries.Count);
        return ref CollectionsMarshal.AsSpan(_entries)[slot];
    }

    private struct Entry
    {
        internal int Descriptor;
        internal PollEvents Wanted;
        internal PollEvents Returned;
    }
}
