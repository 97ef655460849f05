using System.Net;
using System.Net.Sockets;

namespace Net.IntegrationTests.Setup;

/// <summary>What a set-up test needs of the machine. Its absence is inconclusive, but a failure where NET_CI=1 is set.</summary>
internal static class SetupRequirement
{
    public static void Linux()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Inconclusive("The set-up scripts are for Linux.");
        }
    }

    public static void Program(string name)
    {
        Linux();
        string[] directories = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':');
        if (!directories.Any(directory => File.Exists(Path.Combine(directory, name))))
        {
            Missing($"The program {name} is not in PATH.");
        }
    }

    /// <summary>The address of this machine itself; some machines and containers have no IPv6.</summary>
    public static void Loopback(IPAddress address)
    {
        try
        {
            using Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(address, 0));
        }
        catch (SocketException exception)
        {
            Missing($"This machine has no address {address}: {exception.Message}.");
        }
    }

    public static void Missing(string reason)
    {
        if (Environment.GetEnvironmentVariable("NET_CI") == "1")
        {
            Assert.Fail(reason);
        }

        Assert.Inconclusive(reason);
    }
}
