using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

/// <summary>An event descriptor (eventfd(2)) with which any thread wakes the one that waits in a <see cref="Poller"/>.</summary>
internal sealed unsafe class EventFd : FileDescriptorHandle
{
    /// <summary>Makes an event that is not signalled.</summary>
    /// <exception cref="IOException">The kernel has no descriptor left.</exception>
    internal EventFd()
        : base(Create())
    {
    }

    /// <summary>Signals the event. Many signals before a <see cref="Drain"/> are one. Any thread may call it.</summary>
    /// <exception cref="ObjectDisposedException">The event is disposed.</exception>
    internal void Signal()
    {
        // EAGAIN would mean that the counter is full, so the event is signalled already.
        ulong one = 1;
        _ = Libc.Write(this, &one, sizeof(ulong));
    }

    /// <summary>Takes the signals back.</summary>
    /// <returns>Whether the event was signalled.</returns>
    /// <exception cref="ObjectDisposedException">The event is disposed.</exception>
    internal bool Drain()
    {
        ulong count;
        return Libc.Read(this, &count, sizeof(ulong)) == sizeof(ulong);
    }

    private static int Create()
    {
        int descriptor = Libc.CreateEvent(0, LinuxSocket.EFD_NONBLOCK | LinuxSocket.EFD_CLOEXEC);
        return descriptor >= 0
            ? descriptor
            : throw new IOException($"eventfd failed: {Errno.Describe(Marshal.GetLastPInvokeError())}. "
                + "If too many files are open, raise the limit ('ulimit -n', or LimitNOFILE in a systemd unit).");
    }
}
