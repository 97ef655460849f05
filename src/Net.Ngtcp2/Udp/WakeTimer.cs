using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

/// <summary>A timer of the kernel's (timerfd(2)) that ends the wait of a <see cref="Poller"/>. One thread owns it.</summary>
/// <remarks>
/// A wait with a timeout of its own would set and clear a timer of the kernel's each time, and that one would mostly be the processor's next: setting it is dear, most of all in
/// a virtual machine. A timer that is set already and early enough is left alone instead. It may so fire before the time that is asked for now; the loop then finds nothing due,
/// and asks anew.
/// </remarks>
internal sealed unsafe class WakeTimer : FileDescriptorHandle
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private static readonly double NanosecondsPerTick = (double)NanosecondsPerSecond / Stopwatch.Frequency;

    // Firing late by this part of the time asked for is allowed, which saves setting it again for a deadline that moves a little; never by more than a thread may wait for a processor.
    private const int Tolerance = 16;
    private const long MaxLateness = 250_000;
    private long _firesAt = long.MaxValue;

    /// <summary>Makes a timer that is not set.</summary>
    /// <exception cref="IOException">The kernel has no descriptor left.</exception>
    internal WakeTimer()
        : base(Create())
    {
    }

    /// <summary>Sees to it that the timer fires at the latest when that time is over.</summary>
    /// <param name="nanoseconds">From now, more than 0.</param>
    /// <exception cref="IOException">The kernel refused.</exception>
    internal void FireWithin(long nanoseconds)
    {
        long now = (long)(Stopwatch.GetTimestamp() * NanosecondsPerTick);
        if (_firesAt - now - nanoseconds <= Math.Min(nanoseconds / Tolerance, MaxLateness))
        {
            return;
        }

        // Setting it also takes back an expiry that nobody has read.
        TimerSpecification time = default;
        time.Value.Seconds = nanoseconds / NanosecondsPerSecond;
        time.Value.Nanoseconds = nanoseconds % NanosecondsPerSecond;
        if (Libc.SetTimer(this, 0, &time, null) != 0)
        {
            throw new IOException($"timerfd_settime failed: {Errno.Describe(Marshal.GetLastPInvokeError())}.");
        }

        _firesAt = now > long.MaxValue - nanoseconds ? long.MaxValue : now + nanoseconds;
    }

    /// <summary>Notes that it has fired.</summary>
    internal void NoteFired() => _firesAt = long.MaxValue;

    private static int Create()
    {
        int descriptor = Libc.CreateTimer(LinuxSocket.CLOCK_MONOTONIC, LinuxSocket.TFD_NONBLOCK | LinuxSocket.TFD_CLOEXEC);
        return descriptor >= 0
            ? descriptor
            : throw new IOException($"timerfd_create failed: {Errno.Describe(Marshal.GetLastPInvokeError())}. "
                + "If too many files are open, raise the limit ('ulimit -n', or LimitNOFILE in a systemd unit).");
    }
}
