using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

// Memory that GnuTLS gives away.
internal static unsafe partial class GnuTlsNative
{
    private static readonly Lazy<nint> FreeVariable = new(
        static () => NativeLibrary.GetExport(NativeLibraries.GnuTlsHandle, nameof(gnutls_free)), LazyThreadSafetyMode.ExecutionAndPublication);

    /// <summary>Frees memory that GnuTLS gave to the caller. Null is allowed.</summary>
    // extern gnutls_free_function gnutls_free; a variable that holds the function, since a program may set its own allocator
    internal static void gnutls_free(void* pointer)
    {
        var free = *(delegate* unmanaged[Cdecl]<void*, void>*)FreeVariable.Value;
        free(pointer);
    }
}
