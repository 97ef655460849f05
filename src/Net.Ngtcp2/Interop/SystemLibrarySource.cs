using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

/// <summary>The real machine.</summary>
internal sealed unsafe class SystemLibrarySource : INativeLibrarySource
{
    /// <inheritdoc/>
    public bool IsLinux => OperatingSystem.IsLinux();

    /// <inheritdoc/>
    public bool Is64BitLittleEndian => nint.Size == 8 && BitConverter.IsLittleEndian;

    /// <inheritdoc/>
    public string PlatformDescription => $"{RuntimeInformation.OSDescription} on {RuntimeInformation.ProcessArchitecture}";

    /// <inheritdoc/>
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public nint Load(string pathOrName) => NativeLibrary.Load(pathOrName);

    /// <inheritdoc/>
    public bool HasExport(nint library, string symbol) => NativeLibrary.TryGetExport(library, symbol, out _);

    /// <inheritdoc/>
    public string ReadNgtcp2Version(nint library)
    {
        // By pointer, not by the declared function: its library is only resolved once the version is known to be good.
        var version = (delegate* unmanaged[Cdecl]<int, ngtcp2_info*>)NativeLibrary.GetExport(library, nameof(Ngtcp2Native.ngtcp2_version));
        return Marshal.PtrToStringUTF8((nint)version(0)->version_str) ?? string.Empty;
    }

    /// <inheritdoc/>
    public string ReadGnuTlsVersion(nint library)
    {
        var check = (delegate* unmanaged[Cdecl]<byte*, byte*>)NativeLibrary.GetExport(library, nameof(GnuTlsNative.gnutls_check_version));
        return Marshal.PtrToStringUTF8((nint)check(null)) ?? string.Empty;
    }
}
