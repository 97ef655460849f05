using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

/// <summary>The native libraries of this process: loaded at the first <see cref="Probe"/> or call, once, by whichever thread comes first.</summary>
internal static class NativeLibraries
{
    private static readonly Lazy<(NativeLibraryProbe Probe, NativeLibraryHandles Handles)> State = new(
        static () => new NativeLibraryLoader(
            new SystemLibrarySource(), AppContext.GetData(NativeLibraryLoader.DirectoryDatum) as string).Load(),
        LazyThreadSafetyMode.ExecutionAndPublication);

    /// <summary>Whether the engine can run, and why not. The answer holds for the life of the process.</summary>
    internal static NativeLibraryProbe Probe() => State.Value.Probe;

    /// <summary>The loaded GnuTLS.</summary>
    /// <exception cref="DllNotFoundException">A library is absent or too old.</exception>
    internal static nint GnuTlsHandle => Handles.GnuTls;

    /// <summary>The loaded link between ngtcp2 and GnuTLS.</summary>
    /// <exception cref="DllNotFoundException">A library is absent or too old.</exception>
    internal static nint Ngtcp2CryptoHandle => Handles.Ngtcp2Crypto;

    /// <summary>The loaded ngtcp2.</summary>
    /// <exception cref="DllNotFoundException">A library is absent or too old.</exception>
    internal static nint Ngtcp2Handle => Handles.Ngtcp2;

    private static NativeLibraryHandles Handles
    {
        get
        {
            var (probe, handles) = State.Value;
            return probe.IsSupported ? handles : throw new DllNotFoundException(probe.Reason);
        }
    }

    /// <summary>Makes the declared functions use the handles above, so that no other copy of a library is found in their stead.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "A static constructor instead would put a check into every native call.")]
    internal static void RegisterResolver() =>
        NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);

    private static nint Resolve(string libraryName, Assembly assembly, DllImportSearchPath? searchPath) => libraryName switch
    {
        NativeLibraryNames.Ngtcp2 => Handles.Ngtcp2,
        NativeLibraryNames.Ngtcp2Crypto => Handles.Ngtcp2Crypto,
        NativeLibraryNames.GnuTls => Handles.GnuTls,
        _ => 0,
    };
}
