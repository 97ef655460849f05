using System.Net;
using System.Net.Sockets;

namespace Net.MsQuic.Internal;

/// <summary>Asks the operating system whether a UDP port is free, which the library does not say.</summary>
internal static class PortProbe
{
    private const int Tries = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Refuses an address that the library would bind although it must not.</summary>
    /// <param name="local">The address.</param>
    /// <exception cref="SocketException">It cannot be bound.</exception>
    // The library binds addresses that no interface has, and such a listener waits for ever. Where the right to a port is missing it only says "internal error".
    // A port that another process holds it takes as well. So the operating system's own answer is asked for first.
    internal static void ThrowIfNotBindable(IPEndPoint local)
    {
        try
        {
            Bind(local);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse && ListenedPorts.Contains(local.Port))
        {
            // Listeners of one process may share a port for different application protocols; the library knows.
        }
    }

    /// <summary>Waits until a port that the library was told to let go is free: it closes the socket on a thread of its own, some time later.</summary>
    /// <param name="local">The address.</param>
    /// <returns>A task that ends after a second at the latest: somebody else may have taken the port meanwhile.</returns>
    internal static async Task WaitUntilFreeAsync(IPEndPoint local)
    {
        // In real time, whatever clock the engine has: what is waited for is a thread of the library's.
        for (int i = 0; i < Tries && !ListenedPorts.Contains(local.Port) && IsHeld(local); i++)
        {
            await Task.Delay(Pause, TimeProvider.System).ConfigureAwait(false);
        }
    }

    private static bool IsHeld(IPEndPoint local)
    {
        try
        {
            Bind(local);
            return false;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode == SocketError.AddressAlreadyInUse;
        }
    }

    private static void Bind(IPEndPoint local)
    {
        using var probe = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        probe.Bind(local);
    }
}
