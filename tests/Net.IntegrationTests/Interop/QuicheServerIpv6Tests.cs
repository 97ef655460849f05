using System.Net;

namespace Net.IntegrationTests.Interop;

/// <summary><see cref="QuicheServerTests"/> over IPv6.</summary>
[TestClass]
[TestCategory("Interop")]
public sealed class QuicheServerIpv6Tests : QuicheServerTests
{
    private protected override IPAddress Loopback => IPAddress.IPv6Loopback;
}
