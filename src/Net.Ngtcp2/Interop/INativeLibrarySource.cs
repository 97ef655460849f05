namespace Net.Ngtcp2.Interop;

/// <summary>The machine as <see cref="NativeLibraryLoader"/> sees it, so that missing and old libraries can be tested without any.</summary>
internal interface INativeLibrarySource
{
    /// <summary>Whether this is Linux: sockets and library names are those of Linux.</summary>
    bool IsLinux { get; }

    /// <summary>Whether structures have the layout this assembly declares.</summary>
    bool Is64BitLittleEndian { get; }

    /// <summary>Name of the operating system and the processor, for messages.</summary>
    string PlatformDescription { get; }

    /// <summary>Whether a file is there.</summary>
    bool FileExists(string path);

    /// <summary>Loads a library by path, or by name along the loader's search path.</summary>
    /// <exception cref="DllNotFoundException">It is not there, or one of its dependencies is not; the message has the loader's reason.</exception>
    /// <exception cref="BadImageFormatException">It is made for another processor.</exception>
    nint Load(string pathOrName);

    /// <summary>Whether the library has a symbol.</summary>
    bool HasExport(nint library, string symbol);

    /// <summary>The version that ngtcp2 gives of itself.</summary>
    string ReadNgtcp2Version(nint library);

    /// <summary>The version that GnuTLS gives of itself.</summary>
    string ReadGnuTlsVersion(nint library);
}
