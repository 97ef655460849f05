using System.Buffers;

namespace Net.Ngtcp2.Interop;

/// <summary>Loads GnuTLS, ngtcp2 and the link between them, and explains in words why one of them cannot be used.</summary>
internal sealed class NativeLibraryLoader
{
    /// <summary>What to do when a library is absent or too old.</summary>
    internal const string InstallAdvice =
        "Install the packages with 'apt-get install libngtcp2-16 libngtcp2-crypto-gnutls8' "
        + "(Debian 13 has them in main, Debian 12 in bookworm-backports).";

    /// <summary>Name of the <see cref="AppContext"/> datum with a directory to take the two ngtcp2 libraries from.</summary>
    internal const string DirectoryDatum = "Net.Ngtcp2.NativeLibraryDirectory";

    /// <summary>The oldest ngtcp2 whose structures and functions are declared here.</summary>
    internal static readonly Version MinimumNgtcp2 = new(1, 11, 0);

    /// <summary>The oldest GnuTLS the engine has been used with.</summary>
    internal static readonly Version MinimumGnuTls = new(3, 7, 9);

    private static readonly SearchValues<char> VersionCharacters = SearchValues.Create("0123456789.");

    private readonly INativeLibrarySource _source;
    private readonly string? _directory;

    /// <summary>A loader for a machine.</summary>
    /// <param name="source">The machine.</param>
    /// <param name="directory">
    /// Where the two ngtcp2 libraries are, both of them, since they must be of one version. GnuTLS is taken from there when it is there.
    /// <c>null</c> leaves the search to the system.
    /// </param>
    internal NativeLibraryLoader(INativeLibrarySource source, string? directory)
    {
        _source = source;
        _directory = directory;
    }

    /// <summary>Loads and checks everything once. Never throws for a library that is absent, broken or old.</summary>
    internal (NativeLibraryProbe Probe, NativeLibraryHandles Handles) Load()
    {
        if (!_source.IsLinux)
        {
            return Refuse($"The ngtcp2 engine runs on Linux only, and this is {_source.PlatformDescription}. Use the msquic engine.");
        }

        if (!_source.Is64BitLittleEndian)
        {
            return Refuse(
                $"The ngtcp2 engine needs a 64-bit little-endian process, and this is {_source.PlatformDescription}. Use the msquic engine.");
        }

        // GnuTLS first, so that the libraries which depend on it get this one.
        if (!TryLoad(NativeLibraryNames.GnuTls, out var gnuTls, out var reason) ||
            !TryLoad(NativeLibraryNames.Ngtcp2, out var ngtcp2, out reason) ||
            !TryLoad(NativeLibraryNames.Ngtcp2Crypto, out var crypto, out reason))
        {
            return Refuse($"{reason} {InstallAdvice}");
        }

        var gnuTlsVersion = ParseVersion(_source.ReadGnuTlsVersion(gnuTls));
        var version = ParseVersion(_source.ReadNgtcp2Version(ngtcp2));
        reason = ExplainVersion(NativeLibraryNames.GnuTls, "GnuTLS", gnuTlsVersion, MinimumGnuTls) ??
            ExplainVersion(NativeLibraryNames.Ngtcp2, "ngtcp2", version, MinimumNgtcp2) ??
            ExplainMissingSymbol(crypto);
        return reason is null
            ? (new NativeLibraryProbe(true, null, version, gnuTlsVersion), new NativeLibraryHandles(gnuTls, ngtcp2, crypto))
            : (new NativeLibraryProbe(false, $"{reason} {InstallAdvice}", version, gnuTlsVersion), default);
    }

    private static (NativeLibraryProbe Probe, NativeLibraryHandles Handles) Refuse(string reason) =>
        (new NativeLibraryProbe(false, reason, null, null), default);

    private static string? ExplainVersion(string file, string name, Version? found, Version minimum) =>
        found is null ? $"{file} does not tell its version; {name} {minimum} or later is needed."
        : found < minimum ? $"{file} is {name} {found}, which is too old: {minimum} or later is needed."
        : null;

    /// <summary>Reads the numbers in front of a version text, such as "1.11.0" or "3.8.3-dev".</summary>
    private static Version? ParseVersion(string text)
    {
        var end = text.AsSpan().IndexOfAnyExcept(VersionCharacters);
        return Version.TryParse(end < 0 ? text : text.AsSpan(0, end), out var version) ? version : null;
    }

    /// <summary>The link library has no version function, so what is needed of it is looked up by name.</summary>
    private string? ExplainMissingSymbol(nint crypto)
    {
        foreach (var symbol in CryptoCallbacks.SymbolNames)
        {
            if (!_source.HasExport(crypto, symbol))
            {
                return $"{NativeLibraryNames.Ngtcp2Crypto} has no {symbol}: it does not belong to ngtcp2 {MinimumNgtcp2} or later.";
            }
        }

        return null;
    }

    private bool TryLoad(string name, out nint handle, out string? reason)
    {
        handle = 0;
        var pathOrName = Locate(name);
        try
        {
            handle = _source.Load(pathOrName);
            reason = null;
            return true;
        }
        catch (DllNotFoundException exception)
        {
            reason = $"{pathOrName} could not be loaded: {LoaderReason(exception.Message)}.";
        }
        catch (BadImageFormatException exception)
        {
            reason = $"{pathOrName} is not made for this processor ({_source.PlatformDescription}): {LoaderReason(exception.Message)}.";
        }

        return false;
    }

    private string Locate(string name)
    {
        if (string.IsNullOrEmpty(_directory))
        {
            return name;
        }

        var path = Path.Combine(_directory, name);
        return name == NativeLibraryNames.GnuTls && !_source.FileExists(path) ? name : path;
    }

    /// <summary>The system's own words: the runtime puts general advice on the first line and what dlopen said on those after it.</summary>
    private static string LoaderReason(string message)
    {
        var lines = message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length switch
        {
            0 => "the system gave no reason",
            1 => lines[0].TrimEnd('.'),
            _ => string.Join("; ", lines[1..]).TrimEnd('.'),
        };
    }
}
