using Net.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Interop;

/// <summary>What a test needs of the machine. On a developer's machine its absence is inconclusive; where NET_CI=1 is set it is a failure.</summary>
internal static class NativeRequirement
{
    /// <summary>Ends the test unless the native libraries can be used.</summary>
    internal static void Libraries()
    {
        var probe = NativeLibraries.Probe();
        if (!probe.IsSupported)
        {
            Missing(probe.Reason!);
        }
    }

    /// <summary>Ends the test because something is missing.</summary>
    internal static void Missing(string reason)
    {
        if (Environment.GetEnvironmentVariable("NET_CI") == "1")
        {
            Assert.Fail(reason);
        }

        Assert.Inconclusive(reason);
    }
}
