using Microsoft.Win32.SafeHandles;

namespace Net.Ngtcp2.Udp;

/// <summary>Owns a file descriptor and closes it once.</summary>
internal class FileDescriptorHandle : SafeHandleMinusOneIsInvalid
{
    internal FileDescriptorHandle(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>The number of the descriptor. It is valid until the handle is disposed.</summary>
    internal int Descriptor => (int)handle;

    // Linux frees the number even when close reports an error; closing again could hit a descriptor that another thread has just opened.
    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}
