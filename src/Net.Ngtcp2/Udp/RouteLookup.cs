using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

/// <summary>Asks the kernel's routing table which local address it would send from.</summary>
internal static unsafe class RouteLookup
{
    /// <summary>Finds the local address for a remote one, without sending anything.</summary>
    /// <param name="remote">Where datagrams will go.</param>
    /// <param name="local">The address the kernel chose, with port 0; the default value when there is no route.</param>
    /// <param name="errno">Why there is none: ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL; 0 on success.</param>
    /// <returns>Whether there is a route.</returns>
    internal static bool TryFindLocalAddress(in SocketAddressBuffer remote, out SocketAddressBuffer local, out int errno)
    {
        local = default;
        int family = remote.IsIPv6 ? LinuxSocket.AF_INET6 : LinuxSocket.AF_INET;
        using FileDescriptorHandle handle = new(Libc.Socket(family, LinuxSocket.SOCK_DGRAM | LinuxSocket.SOCK_CLOEXEC, 0));
        if (handle.IsInvalid)
        {
            errno = Marshal.GetLastPInvokeError();
            return false;
        }

        // connect on a datagram socket only looks the route up and fixes the source address.
        SocketAddressBuffer name = remote;
        uint length = SocketAddressBuffer.Size;
        if (Libc.Connect(handle.Descriptor, &name, (uint)name.Length) != 0 || Libc.GetSocketName(handle.Descriptor, &name, &length) != 0)
        {
            errno = Marshal.GetLastPInvokeError();
            return false;
        }

        errno = 0;
        local = name.ToCanonical().WithPort(0);
        return true;
    }
}
