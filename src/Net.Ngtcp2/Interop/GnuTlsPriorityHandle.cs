using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Net.Ngtcp2.Interop;

/// <summary>Owns a parsed priority string: which versions, ciphers and groups may be used. Sessions of any thread may share it.</summary>
internal sealed unsafe class GnuTlsPriorityHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    internal GnuTlsPriorityHandle()
        : base(ownsHandle: true)
    {
    }

    /// <summary>The native object, valid while this handle is open.</summary>
    internal gnutls_priority_st* Pointer => (gnutls_priority_st*)handle;

    /// <summary>Parses a priority string.</summary>
    /// <exception cref="GnuTlsException">A word of it is unknown; the message says from where on.</exception>
    internal static GnuTlsPriorityHandle Parse(string priorities)
    {
        var created = new GnuTlsPriorityHandle();
        var text = Encoding.UTF8.GetBytes(priorities + '\0');
        fixed (byte* pointer = text)
        {
            gnutls_priority_st* priority;
            byte* errorPosition = null;
            var result = GnuTlsNative.gnutls_priority_init(&priority, pointer, &errorPosition);
            if (result < 0)
            {
                var rest = Marshal.PtrToStringUTF8((nint)errorPosition);
                throw new GnuTlsException(
                    nameof(GnuTlsNative.gnutls_priority_init), result, $"The priority string is wrong from '{rest}' on: {priorities}");
            }

            created.SetHandle((nint)priority);
            return created;
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        GnuTlsNative.gnutls_priority_deinit(Pointer);
        return true;
    }
}
