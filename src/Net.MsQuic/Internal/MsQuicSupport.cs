using System.Net.Quic;
using Net.MsQuic.Interop;

namespace Net.MsQuic.Internal;

/// <summary>The operating systems that make a difference to what a user must install.</summary>
internal enum HostSystem
{
    Other = 0,
    Linux = 1,
    MacOS = 2,
    Windows = 3,
}

/// <summary>Finds out whether System.Net.Quic works here, and puts the reason into words when it does not.</summary>
internal static class MsQuicSupport
{
    /// <summary>The oldest library that System.Net.Quic of .NET 10 accepts.</summary>
    internal static readonly Version MinimumVersion = new(2, 2, 2);

    // System.Net.Quic decides once for the life of the process, so asking again could not give another answer.
    private static readonly Lazy<EngineSupport> CurrentSupport = new(Probe);

    /// <summary>The answer for this process.</summary>
    internal static EngineSupport Current => CurrentSupport.Value;

    /// <summary>Makes the answer out of what was found.</summary>
    /// <param name="isUsable">Whether System.Net.Quic says that it works.</param>
    /// <param name="finding">What a look for the native library found.</param>
    /// <param name="system">The operating system.</param>
    /// <param name="runtimeReason">What System.Net.Quic gives as its reason, when it does not work.</param>
    /// <returns>The answer, with a reason when the engine cannot run.</returns>
    internal static EngineSupport Describe(bool isUsable, MsQuicLibraryFinding finding, HostSystem system, string? runtimeReason)
    {
        if (isUsable)
        {
            return new EngineSupport(true, null, finding.Version);
        }

        string reason = system switch
        {
            HostSystem.Other => "System.Net.Quic exists for Linux, macOS and Windows only.",
            HostSystem.Windows => "System.Net.Quic needs Windows 11 or Windows Server 2022 or later, with TLS 1.3 not switched off; the library msquic.dll itself is part of .NET there.",
            _ when !finding.IsPresent => $"the native library libmsquic is not installed (version {MinimumVersion} or later is needed). {HowToInstall(system)}",
            _ when finding.Version is null => $"the libmsquic that is installed does not speak version 2 of its API; version {MinimumVersion} or later is needed. {HowToInstall(system)}",
            _ when finding.Version < MinimumVersion => $"libmsquic {finding.Version} is too old; version {MinimumVersion} or later is needed. {HowToInstall(system)}",
            _ => $"libmsquic {finding.Version} is installed, but System.Net.Quic does not use it.",
        };
        return new EngineSupport(false, string.IsNullOrEmpty(runtimeReason) ? reason : $"{reason} .NET says: {runtimeReason}", finding.Version);
    }

    private static string HowToInstall(HostSystem system) => system == HostSystem.MacOS
        ? "Install the Homebrew formula libmsquic, and start the process again."
        : "On Linux install the package libmsquic from Microsoft's package archive or from the archive of your distribution, and start the process again.";

    private static EngineSupport Probe()
    {
        bool isUsable = QuicConnection.IsSupported && QuicListener.IsSupported;
        HostSystem system = OperatingSystem.IsLinux() ? HostSystem.Linux
            : OperatingSystem.IsMacOS() ? HostSystem.MacOS
            : OperatingSystem.IsWindows() ? HostSystem.Windows
            : HostSystem.Other;
        MsQuicLibraryFinding finding = system == HostSystem.Other ? default : MsQuicLibrary.Find();
        return Describe(isUsable, finding, system, isUsable ? null : ReadRuntimeReason());
    }

    private static string? ReadRuntimeReason()
    {
        try
        {
            // Where it is not supported this call only throws, and the message is the one place where .NET gives its reason.
#pragma warning disable CA1416 // called exactly because the platform may not support it
            ValueTask<QuicListener> listening = QuicListener.ListenAsync(new QuicListenerOptions());
            return listening.IsFaulted ? listening.AsTask().Exception!.InnerException!.Message : null;
#pragma warning restore CA1416
        }
        catch (Exception exception) when (exception is PlatformNotSupportedException or ArgumentException)
        {
            return exception.Message;
        }
    }
}
