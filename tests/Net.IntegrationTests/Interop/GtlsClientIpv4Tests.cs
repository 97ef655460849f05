using System.Net;

namespace Net.IntegrationTests.Interop;

/// <summary><see cref="GtlsClientTests"/> over IPv4.</summary>
[TestClass]
[TestCategory("Interop")]
public sealed class GtlsClientIpv4Tests : GtlsClientTests
{
    private protected override IPAddress Loopback => IPAddress.Loopback;
}
