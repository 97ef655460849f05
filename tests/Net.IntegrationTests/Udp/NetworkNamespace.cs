using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Net.IntegrationTests.Setup;
using Net.Ngtcp2.Udp;

namespace Net.IntegrationTests.Udp;

/// <summary>A loopback interface of its own, so that a test can make it slow or narrow and disturb nobody.</summary>
internal static partial class NetworkNamespace
{
    private const int CLONE_NEWNET = 0x40000000;

    /// <summary>Runs an action on a thread of its own that sees only a new loopback interface.</summary>
    /// <param name="commands">Commands of iproute2 that prepare the interface, after it is up.</param>
    /// <param name="action">The test. Sockets it opens belong to the new network.</param>
    internal static void Run(string[] commands, Action action)
    {
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                // A network namespace belongs to a thread; it ends with the thread and its sockets.
                if (Unshare(CLONE_NEWNET) != 0)
                {
                    SetupRequirement.Missing($"A network namespace needs CAP_SYS_ADMIN: {Errno.Describe(Marshal.GetLastPInvokeError())}.");
                }

                Configure("ip link set lo up");
                Array.ForEach(commands, Configure);
                action();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        Assert.IsTrue(thread.Join(TimeSpan.FromSeconds(60)));
        failure?.Throw();
    }

    private static void Configure(string command)
    {
        string[] parts = command.Split(' ', 2);
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(parts[0], parts[1]) { RedirectStandardError = true })!;
            string error = process.StandardError.ReadToEnd();
            Assert.IsTrue(process.WaitForExit(TimeSpan.FromSeconds(20)));
            if (process.ExitCode != 0)
            {
                SetupRequirement.Missing($"'{command}' failed: {error}");
            }
        }
        catch (Win32Exception exception)
        {
            SetupRequirement.Missing($"The command '{parts[0]}' of iproute2 is missing: {exception.Message} Run src/setup/peers.sh.");
        }
    }

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);
}
