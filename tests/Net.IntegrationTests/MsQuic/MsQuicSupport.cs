using Net.MsQuic;

namespace Net.IntegrationTests.MsQuic;

/// <summary>The engine over System.Net.Quic where its library is there.</summary>
internal static class MsQuicSupport
{
    /// <summary>A new engine. Ends the test as inconclusive, with the reason, where libmsquic is missing: nobody has the duty to install it.</summary>
    internal static MsQuicEngine Require()
    {
        var engine = new MsQuicEngine();
        if (engine.Support.Reason is string reason)
        {
            Assert.Inconclusive(reason);
        }

        return engine;
    }
}
