using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Udp;

namespace Net.Ngtcp2.Driver;

/// <summary>Between our addresses and the native library's paths. A path's user data carries the number of the socket.</summary>
internal static unsafe class SocketAddresses
{
    /// <summary>Points a path at two addresses, which must stay where they are while the path is used.</summary>
    internal static void Point(ngtcp2_path* path, SocketAddressBuffer* local, SocketAddressBuffer* remote, int socket)
    {
        path->local.addr = local;
        path->local.addrlen = (uint)local->Length;
        path->remote.addr = remote;
        path->remote.addrlen = (uint)remote->Length;
        path->user_data = (void*)(nint)socket;
    }

    /// <summary>Reads an address that the native library wrote or holds.</summary>
    internal static SocketAddressBuffer Read(in ngtcp2_addr address) =>
        address.addr == null ? default : SocketAddressBuffer.FromNative(new ReadOnlySpan<byte>(address.addr, (int)address.addrlen));

    /// <summary>The number of the socket that a path belongs to.</summary>
    internal static int SocketOf(in ngtcp2_path path) => (int)(nint)path.user_data;
}
