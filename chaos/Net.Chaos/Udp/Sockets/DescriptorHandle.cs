using Microsoft.Win32.SafeHandles;

namespace Net.Chaos.Udp.Sockets;

/// <summary>Owns a file descriptor that is no socket.</summary>
internal sealed class DescriptorHandle : SafeHandleMinusOneIsInvalid
{
    internal DescriptorHandle(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    protected override bool ReleaseHandle() => Libc.Close(handle) == 0;
}
