using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Ngtcp2;

/// <summary>Settings of an <see cref="Ngtcp2Engine"/> that hold for all its connections.</summary>
public sealed record Ngtcp2EngineOptions
{
    /// <summary>Where time comes from. Default <see cref="TimeProvider.System"/>.</summary>
    /// <remarks>Another clock is for tests.</remarks>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the engine logs, in the category <c>Net.Ngtcp2</c> (event ids 1000 to 1099). Default: nowhere. No payload, key or token is ever logged.</summary>
    /// <remarks>Give it the application's, so that what goes wrong with sockets and connections is seen.</remarks>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Threads that serve client connections; started with the first connection. Default 1; range 1 to 64.</summary>
    /// <remarks>One loop serves thousands of connections. Raise it when its thread is busy all the time and cores are idle.</remarks>
    public int ClientLoops { get; init; } = 1;

    /// <summary>
    /// Threads of each listener, each with its own socket on the same port (SO_REUSEPORT); the packets of one connection always reach the same one. Default 1; range 1 to 64.
    /// More pays off only with cores to spare.
    /// </summary>
    /// <remarks>Raise it when one thread is busy all the time and cores are idle, and measure.</remarks>
    public int ListenerLoops { get; init; } = 1;

    /// <summary>Largest UDP payload to send and to probe for, bytes (RFC 9000, section 14.3). Default 1452, what an IPv6 packet of 1,500 bytes holds; range 1200 to 65,507.</summary>
    /// <remarks>Raise it for networks with jumbo frames or loopback; lower it only where a tunnel drops larger packets and says nothing.</remarks>
    public int MaxUdpPayload { get; init; } = 1452;

    /// <summary>Whether larger payloads are probed for beyond the 1,200 bytes that every path carries (DPLPMTUD, RFC 8899). Default <c>true</c>.</summary>
    /// <remarks>Turn it off only for paths that drop probes and punish them, at the price of 1,200 bytes in each packet.</remarks>
    public bool PathMtuDiscovery { get; init; } = true;

    /// <summary>Whether batches go to the kernel in one call (UDP_SEGMENT). Default <c>true</c>; turned off by itself where the kernel refuses it.</summary>
    /// <remarks>Off is for looking for faults: each packet then costs a call of the kernel.</remarks>
    public bool SegmentationOffload { get; init; } = true;

    /// <summary>Whether the kernel hands over several datagrams of one flow at once (UDP_GRO). Default <c>true</c>.</summary>
    /// <remarks>Off is for looking for faults, or to see single datagrams in a capture.</remarks>
    public bool ReceiveOffload { get; init; } = true;

    /// <summary>Whether packets carry and count ECN marks (RFC 9000, section 13.4). Default <c>true</c>.</summary>
    /// <remarks>Turn it off where a middlebox drops or garbles marked packets; the engine finds most of these by itself.</remarks>
    public bool ExplicitCongestionNotification { get; init; } = true;

    /// <summary>Send and receive buffer of a socket, bytes; the kernel may give less. Default 4 MiB; range 64 KiB to 256 MiB.</summary>
    /// <remarks>Raise it, and net.core.rmem_max and wmem_max with it, where the kernel counts dropped datagrams (RcvbufErrors) at high rates.</remarks>
    public int SocketBuffer { get; init; } = 4 << 20;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(Ngtcp2EngineOptions));
        if (TimeProvider is null)
        {
            faults.Add(nameof(TimeProvider), "is null.");
        }

        if (LoggerFactory is null)
        {
            faults.Add(nameof(LoggerFactory), "is null; leave it out for no logging.");
        }

        faults.Range(nameof(ClientLoops), ClientLoops, 1, 64);
        faults.Range(nameof(ListenerLoops), ListenerLoops, 1, 64);
        faults.Range(nameof(MaxUdpPayload), MaxUdpPayload, 1200, 65507);
        faults.Range(nameof(SocketBuffer), SocketBuffer, 64 << 10, 256 << 20);
        faults.ThrowIfAny();
    }
}
