using System.Net;

namespace Net.IntegrationTests.Interop;

/// <summary><see cref="GtlsServerTests"/> over IPv4.</summary>
[TestClass]
[TestCategory("Interop")]
public sealed class GtlsServerIpv4Tests : GtlsServerTests
{
    private protected override IPAddress Loopback => IPAddress.Loopback;
}
