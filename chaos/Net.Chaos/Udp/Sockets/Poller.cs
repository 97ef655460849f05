using System.Runtime.InteropServices;

namespace Net.Chaos.Udp.Sockets;

/// <summary>Waits for datagrams on many sockets, for a time with the precision of the kernel's timers, or for a signal from another thread.</summary>
internal sealed unsafe class Poller : IDisposable
{
    private const int MaxEvents = 64;

    // The kernel packs the structure on x86-64 only (epoll_ctl(2)).
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture is Architecture.X64 ? 4 : 8;
    private static readonly int EventBytes = DataOffset + 8;

    private readonly DescriptorHandle _poll;
    private readonly DescriptorHandle _signal;
    private readonly byte[] _events = GC.AllocateArray<byte>(MaxEvents * 16, pinned: true);

    internal Poller()
    {
        _poll = new DescriptorHandle(Libc.CreatePoll(LinuxSocket.EPOLL_CLOEXEC));
        _signal = new DescriptorHandle(Libc.CreateEvent(0, LinuxSocket.EFD_NONBLOCK | LinuxSocket.EFD_CLOEXEC));
        if (_poll.IsInvalid || _signal.IsInvalid)
        {
            Dispose();
            throw new IOException("The system gives no more descriptors (epoll_create1, eventfd).");
        }

        Add(_signal, -1);
    }

    /// <summary>Listens to a descriptor.</summary>
    /// <param name="handle">The descriptor.</param>
    /// <param name="key">What <see cref="Wait"/> calls it; not -1, which is the signal.</param>
    internal void Add(SafeHandle handle, int key)
    {
        byte* entry = stackalloc byte[16];
        *(uint*)entry = LinuxSocket.EPOLLIN;
        *(long*)(entry + DataOffset) = key;
        if (Libc.ControlPoll(_poll, LinuxSocket.EPOLL_CTL_ADD, handle, entry) != 0)
        {
            throw new IOException($"epoll_ctl refused a socket: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    internal void Remove(SafeHandle handle)
    {
        byte* entry = stackalloc byte[16];
        _ = Libc.ControlPoll(_poll, LinuxSocket.EPOLL_CTL_DEL, handle, entry);
    }

    /// <summary>Wakes the thread that waits. Any thread may call it, also after the end.</summary>
    internal void Signal()
    {
        ulong one = 1;
        try
        {
            _ = Libc.Write(_signal, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // A timer that fired while the thread ended.
        }
    }

    /// <summary>Waits.</summary>
    /// <param name="timeout">At most so long; <c>null</c>: until something happens.</param>
    /// <param name="keys">Takes the keys of the sockets that can be read.</param>
    internal void Wait(TimeSpan? timeout, List<int> keys)
    {
        keys.Clear();
        if (timeout > TimeSpan.Zero)
        {
            // epoll_wait counts in milliseconds, too coarse for a delay that is to be believed.
            TimeSpecification limit = new() { Seconds = timeout.Value.Ticks / TimeSpan.TicksPerSecond, Nanoseconds = timeout.Value.Ticks % TimeSpan.TicksPerSecond * 100 };
            PollDescriptor descriptor = new() { Descriptor = (int)_poll.DangerousGetHandle(), Events = LinuxSocket.POLLIN };
            if (Libc.Poll(&descriptor, 1, &limit, null) == 0)
            {
                return;
            }
        }

        fixed (byte* events = _events)
        {
            int count = Libc.WaitForEvents(_poll, events, MaxEvents, timeout is null ? -1 : 0);
            for (int i = 0; i < count; i++)
            {
                int key = (int)*(long*)(events + (i * EventBytes) + DataOffset);
                if (key >= 0)
                {
                    keys.Add(key);
                    continue;
                }

                ulong drained;
                _ = Libc.Read(_signal, &drained, sizeof(ulong));
            }
        }
    }

    public void Dispose()
    {
        _poll.Dispose();
        _signal.Dispose();
    }
}
