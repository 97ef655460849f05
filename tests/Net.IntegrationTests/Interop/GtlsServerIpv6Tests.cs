using System.Net;

namespace Net.IntegrationTests.Interop;

/// <summary><see cref="GtlsServerTests"/> over IPv6.</summary>
[TestClass]
[TestCategory("Interop")]
public sealed class GtlsServerIpv6Tests : GtlsServerTests
{
    private protected override IPAddress Loopback => IPAddress.IPv6Loopback;
}
