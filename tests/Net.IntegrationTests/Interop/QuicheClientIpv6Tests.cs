using System.Net;

namespace Net.IntegrationTests.Interop;

/// <summary><see cref="QuicheClientTests"/> over IPv6.</summary>
[TestClass]
[TestCategory("Interop")]
public sealed class QuicheClientIpv6Tests : QuicheClientTests
{
    private protected override IPAddress Loopback => IPAddress.IPv6Loopback;
}
