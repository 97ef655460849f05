using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

/// <summary>A piece of memory with its length.</summary>
// typedef struct gnutls_datum_t;
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct gnutls_datum_t
{
    /// <summary>Not owned, unless the function that filled it says so.</summary>
    // unsigned char *data;
    public byte* data;

    // unsigned int size;
    public uint size;
}
