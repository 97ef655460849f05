using System.Net.Quic;
using System.Runtime.InteropServices;

namespace Net.MsQuic.Interop;

/// <summary>What a look for the native library found.</summary>
/// <param name="IsPresent">Whether a library of that name could be loaded.</param>
/// <param name="Version">Its version, when it speaks version 2 of the API.</param>
internal readonly record struct MsQuicLibraryFinding(bool IsPresent, Version? Version);

/// <summary>Asks the native library for its version. System.Net.Quic loads the library itself and tells no version.</summary>
internal static unsafe class MsQuicLibrary
{
    private const uint ApiVersion = 2;

    // Place of GetParam in QUIC_API_TABLE, after SetContext, GetContext, SetCallbackHandler and SetParam. The table only ever grows at its end within one API version.
    private const int GetParamSlot = 4;

    // QUIC_PARAM_GLOBAL_LIBRARY_VERSION: uint32_t[4], major first.
    private const uint LibraryVersionParameter = 0x01000004;

    /// <summary>File name of the library, as System.Net.Quic asks the loader for it.</summary>
    internal static string FileName => OperatingSystem.IsWindows() ? "msquic.dll" : OperatingSystem.IsMacOS() ? "libmsquic.2.dylib" : "libmsquic.so.2";

    /// <summary>Loads the library, if it is there, and reads its version.</summary>
    /// <returns>What was found.</returns>
    internal static MsQuicLibraryFinding Find()
    {
        // The same assembly and search path as System.Net.Quic uses, so that both find the same file.
        if (!NativeLibrary.TryLoad(FileName, typeof(QuicConnection).Assembly, DllImportSearchPath.AssemblyDirectory, out nint library)
            && !NativeLibrary.TryLoad(FileName, out library))
        {
            return default;
        }

        try
        {
            return new MsQuicLibraryFinding(true, ReadVersion(library));
        }
        finally
        {
            NativeLibrary.Free(library);
        }
    }

    private static Version? ReadVersion(nint library)
    {
        if (!NativeLibrary.TryGetExport(library, "MsQuicOpenVersion", out nint openVersion)
            || !NativeLibrary.TryGetExport(library, "MsQuicClose", out nint closeTable))
        {
            return null;
        }

        // QUIC_STATUS MsQuicOpenVersion(uint32_t Version, const void** QuicApi)
        var open = (delegate* unmanaged[Cdecl]<uint, void***, int>)openVersion;

        // void MsQuicClose(const void* QuicApi)
        var close = (delegate* unmanaged[Cdecl]<void**, void>)closeTable;
        void** table;
        if (open(ApiVersion, &table) != 0)
        {
            return null;
        }

        try
        {
            // QUIC_STATUS GetParam(HQUIC Handle, uint32_t Param, uint32_t* BufferLength, void* Buffer)
            var getParam = (delegate* unmanaged[Cdecl]<void*, uint, uint*, void*, int>)table[GetParamSlot];
            uint* numbers = stackalloc uint[4];
            uint length = 4 * sizeof(uint);
            return getParam(null, LibraryVersionParameter, &length, numbers) == 0 && length == 4 * sizeof(uint)
                ? new Version((int)numbers[0], (int)numbers[1], (int)numbers[2], (int)numbers[3])
                : null;
        }
        finally
        {
            close(table);
        }
    }
}
