using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

/// <summary>Waits for a wake-up event and for UDP sockets with ppoll(2). One thread owns it; only <see cref="EventFd.Signal"/> is for others.</summary>
internal sealed unsafe class Poller : IDisposable
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private readonly EventFd _wake;
    private readonly NativeBlock _block;
    private readonly PollDescriptor* _descriptors;
    private readonly int _capacity;
    private int _used = 1;
    private bool _disposed;

    /// <summary>Makes a poller.</summary>
    /// <param name="wake">Ends a wait from any thread. The caller disposes it, after the poller.</param>
    /// <param name="capacity">Sockets it can hold at once, at least 1.</param>
    internal Poller(EventFd wake, int capacity)
    {
        ArgumentNullException.ThrowIfNull(wake);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _wake = wake;
        _capacity = capacity;
        _block = new NativeBlock((nuint)((capacity + 1) * sizeof(PollDescriptor)));
        _descriptors = (PollDescriptor*)_block.Pointer;
        _descriptors[0] = new PollDescriptor { Descriptor = wake.Descriptor, Events = PollEvents.Readable };
    }

    /// <summary>Whether the last <see cref="Wait"/> saw the wake-up event, which that call has drained.</summary>
    internal bool WokenBySignal { get; private set; }

    /// <summary>Starts to watch a socket for datagrams and errors.</summary>
    /// <returns>The slot of the socket: 0 or more, less than the capacity, and unused by any other socket until <see cref="Remove"/>.</returns>
    /// <exception cref="InvalidOperationException">Every slot is in use.</exception>
    internal int Add(UdpSocket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ObjectDisposedException.ThrowIf(_disposed, this);
        ObjectDisposedException.ThrowIf(socket.IsDisposed, socket);
        int index = 1;
        while (index < _used && _descriptors[index].Descriptor >= 0)
        {
            index++;
        }

        if (index > _capacity)
        {
            throw new InvalidOperationException($"The poller watches {_capacity} sockets already; make it with a larger capacity.");
        }

        _used = Math.Max(_used, index + 1);
        _descriptors[index] = new PollDescriptor { Descriptor = socket.Descriptor, Events = PollEvents.Readable };
        return index - 1;
    }

    /// <summary>Stops watching. To be called before the socket is disposed.</summary>
    internal void Remove(int slot)
    {
        // ppoll skips negative descriptors and answers nothing for them.
        EntryOf(slot) = new PollDescriptor { Descriptor = -1 };
        while (_used > 1 && _descriptors[_used - 1].Descriptor < 0)
        {
            _used--;
        }
    }

    /// <summary>Says whether <see cref="Wait"/> also ends when the socket can send again. Off for a new socket.</summary>
    internal void SetWriteInterest(int slot, bool interested) =>
        EntryOf(slot).Events = interested ? PollEvents.Readable | PollEvents.Writable : PollEvents.Readable;

    /// <summary>What the last <see cref="Wait"/> saw on a socket.</summary>
    internal PollEvents EventsOf(int slot) => EntryOf(slot).ReturnedEvents;

    /// <summary>Waits until a socket is ready, the event is signalled, or time is over.</summary>
    /// <param name="timeoutNanoseconds">How long to wait at most. 0 looks and returns; a negative value waits for an event only.</param>
    /// <returns>How many sockets have something; 0 after a timeout, a signal alone, or an interruption.</returns>
    /// <exception cref="IOException">The kernel refused the call.</exception>
    internal int Wait(long timeoutNanoseconds)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        TimeSpecification timeout;
        TimeSpecification* limit = null;
        if (timeoutNanoseconds >= 0)
        {
            timeout.Seconds = timeoutNanoseconds / NanosecondsPerSecond;
            timeout.Nanoseconds = timeoutNanoseconds % NanosecondsPerSecond;
            limit = &timeout;
        }

        WokenBySignal = false;
        int ready = Libc.Poll(_descriptors, (nuint)_used, limit, null);
        if (ready < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            for (int i = 0; i < _used; i++)
            {
                _descriptors[i].ReturnedEvents = PollEvents.None;
            }

            return errno is Errno.EINTR or Errno.EAGAIN ? 0 : throw new IOException($"ppoll over {_used} descriptors failed: {Errno.Describe(errno)}.");
        }

        if (_descriptors[0].ReturnedEvents != PollEvents.None)
        {
            WokenBySignal = true;
            ready--;
            _wake.Drain();
        }

        return ready;
    }

    /// <summary>Frees the memory. The sockets and the event are not the poller's and stay open.</summary>
    public void Dispose()
    {
        _disposed = true;
        _block.Dispose();
    }

    private ref PollDescriptor EntryOf(int slot)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, _capacity);
        return ref _descriptors[slot + 1];
    }
}
