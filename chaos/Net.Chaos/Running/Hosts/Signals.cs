using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Net.Chaos.Running.Hosts;

/// <summary>Signals to processes that the runner started.</summary>
internal static partial class Signals
{
    internal const int Kill = 9;
    internal const int Terminate = 15;
    internal const int Continue = 18;
    internal const int Stop = 19;
    private const int NoSuchProcess = 3;

    /// <summary>Sends a signal.</summary>
    /// <returns>Whether there was such a process.</returns>
    /// <exception cref="Win32Exception">The system refuses it.</exception>
    internal static bool Send(int processId, int signal)
    {
        if (SendNative(processId, signal) == 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? false : throw new Win32Exception(error);
    }

    // int kill(pid_t pid, int sig);
    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendNative(int processId, int signal);
}
