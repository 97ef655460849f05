using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Ngtcp2;

/// <summary>Settings of an <see cref="Ngtcp2Engine"/> that hold for all its connections.</summary>
public sealed record Ngtcp2EngineOptions
{
    /// <summary>Where time comes from. Default <see cref="TimeProvider.System"/>.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the engine logs, in the category <c>Net.Ngtcp2</c> (event ids 1000 to 1099). Default: nowhere. No payload, key or token is ever logged.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Threads that serve client connections; started with the first connection. Default 1; range 1 to 64.</summary>
    public int ClientLoops { get; init; } = 1;

    /// <summary>
    /// Threads of each listener, each with its own socket on the same port (SO_REUSEPORT); the packets of one connection always reach the same one. Default 1; range 1 to 64.
    /// More pays off only with cores to spare.
    /// </summary>
    public int ListenerLoops { get; init; } = 1;

    /// <summary>Largest UDP payload to send and to probe for, bytes (RFC 9000, section 14.3). Default 1452, what an IPv6 packet of 1,500 bytes holds; range 1200 to 65,507.</summary>
    public int MaxUdpPayload { get; init; } = 1452;

    /// <summary>Whether larger payloads are probed for beyond the 1,200 bytes that every path carries (DPLPMTUD, RFC 8899). Default <c>true</c>.</summary>
    public bool PathMtuDiscovery { get; init; } = true;

    /// <summary>Whether batches go to the kernel in one call (UDP_SEGMENT). Default <c>true</c>; turned off by itself where the kernel refuses it.</summary>
    public bool SegmentationOffload { get; init; } = true;

    /// <summary>Whether the kernel hands over several datagrams of one flow at once (UDP_GRO). Default <c>true</c>.</summary>
    public bool ReceiveOffload { get; init; } = true;

    /// <summary>Whether packets carry and count ECN marks (RFC 9000, section 13.4). Default <c>true</c>.</summary>
    public bool ExplicitCongestionNotification { get; init; } = true;

    /// <summary>Send and receive buffer of a socket, bytes; the kernel may give less. Default 4 MiB; range 64 KiB to 256 MiB.</summary>
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
