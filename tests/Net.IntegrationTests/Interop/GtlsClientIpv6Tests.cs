using System.Net;

namespace Net.IntegrationTests.Interop;

/// <summary><see cref="GtlsClientTests"/> over IPv6.</summary>
[TestClass]
[TestCategory("Interop")]
public sealed class GtlsClientIpv6Tests : GtlsClientTests
{
    private protected override IPAddress Loopback => IPAddress.IPv6Loopback;
}
