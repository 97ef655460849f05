using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Net.Ngtcp2.Udp;

/// <summary>Owns one block of zeroed native memory, aligned to a cache line, and frees it once.</summary>
internal sealed unsafe class NativeBlock : SafeHandleZeroOrMinusOneIsInvalid
{
    private const nuint CacheLine = 64;

    internal NativeBlock(nuint byteCount)
        : base(ownsHandle: true)
    {
        void* block = NativeMemory.AlignedAlloc(byteCount, CacheLine);
        NativeMemory.Clear(block, byteCount);
        SetHandle((nint)block);
    }

    /// <summary>The first byte. It is valid until <see cref="SafeHandle.Dispose()"/>; the caller keeps the block alive while it uses the pointer.</summary>
    internal byte* Pointer => (byte*)handle;

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
