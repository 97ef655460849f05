using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Net.Http3.Interop;

/// <summary>The native library of this process: loaded at the first probe or call, once, by whichever thread comes first.</summary>
internal static unsafe class Nghttp3Library
{
    /// <summary>What to do when the library is absent or too old.</summary>
    internal const string InstallAdvice =
        "Install the package with 'apt-get install libnghttp3-9' (Debian 13 has it in main, Debian 12 in bookworm-backports).";

    /// <summary>Name of the <see cref="AppContext"/> datum with a directory to take the library from.</summary>
    internal const string DirectoryDatum = "Net.Http3.NativeLibraryDirectory";

    /// <summary>The oldest nghttp3 that HTTP/3 has been used with.</summary>
    internal static readonly Version MinimumVersion = new(1, 8, 0);

    private static readonly Lazy<(EngineSupport Support, nint Handle)> State = new(
        static () => Load(AppContext.GetData(DirectoryDatum) as string), LazyThreadSafetyMode.ExecutionAndPublication);

    /// <summary>Whether HTTP/3 can run, and why not. The answer holds for the life of the process.</summary>
    internal static EngineSupport Support => State.Value.Support;

    /// <summary>Throws unless the library can be used.</summary>
    /// <exception cref="TransportException"><see cref="TransportError.EngineMissing"/> with the reason and the package to install.</exception>
    internal static void ThrowIfMissing()
    {
        EngineSupport support = Support;
        if (!support.IsSupported)
        {
            throw new TransportException(TransportError.EngineMissing, $"HTTP/3 cannot run here: {support.Reason}");
        }
    }

    /// <summary>Makes the declared functions use the handle above, so that no other copy of the library is found in its stead.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "A static constructor instead would put a check into every native call.")]
    internal static void RegisterResolver() => NativeLibrary.SetDllImportResolver(typeof(Nghttp3Library).Assembly, Resolve);

    /// <summary>Loads and checks the library. Never throws for one that is absent, broken or old.</summary>
    internal static (EngineSupport Support, nint Handle) Load(string? directory)
    {
        if (!OperatingSystem.IsLinux() || nint.Size != 8)
        {
            return Refuse($"nghttp3 is used on 64-bit Linux only, and this is {RuntimeInformation.OSDescription} on {RuntimeInformation.ProcessArchitecture}.", null);
        }

        string file = string.IsNullOrEmpty(directory) ? Nghttp3Native.Library : Path.Combine(directory, Nghttp3Native.Library);
        nint handle;
        try
        {
            handle = NativeLibrary.Load(file);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            return Refuse($"{file} could not be loaded: {LoaderReason(exception.Message)}. {InstallAdvice}", null);
        }

        Version? version = ReadVersion(handle);
        return version is null ? Refuse($"{file} does not tell its version; nghttp3 {MinimumVersion} or later is needed. {InstallAdvice}", null)
            : version < MinimumVersion ? Refuse($"{file} is nghttp3 {version}, which is too old: {MinimumVersion} or later is needed. {InstallAdvice}", version)
            : (new EngineSupport(true, null, version), handle);
    }

    // By pointer, not by the declared function: its library is only resolved once the version is known to be good.
    private static Version? ReadVersion(nint handle)
    {
        if (!NativeLibrary.TryGetExport(handle, nameof(Nghttp3Native.nghttp3_version), out nint address))
        {
            return null;
        }

        var function = (delegate* unmanaged[Cdecl]<int, nghttp3_info*>)address;
        int number = function(0)->version_num;
        return new Version(number >> 16, (number >> 8) & 0xff, number & 0xff);
    }

    private static (EngineSupport Support, nint Handle) Refuse(string reason, Version? version) => (new EngineSupport(false, reason, version), 0);

    // The runtime puts general advice on the first line and what the loader said on those after it.
    private static string LoaderReason(string message)
    {
        string[] lines = message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length switch
        {
            0 => "the system gave no reason",
            1 => lines[0].TrimEnd('.'),
            _ => string.Join("; ", lines[1..]).TrimEnd('.'),
        };
    }

    private static nint Resolve(string libraryName, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (libraryName != Nghttp3Native.Library)
        {
            return 0;
        }

        (EngineSupport support, nint handle) = State.Value;
        return support.IsSupported ? handle : throw new DllNotFoundException(support.Reason);
    }
}
