using System.Net;

namespace Net.IntegrationTests.Interop;

/// <summary><see cref="QuicheServerTests"/> over IPv4.</summary>
[TestClass]
[TestCategory("Interop")]
public sealed class QuicheServerIpv4Tests : QuicheServerTests
{
    private protected override IPAddress Loopback => IPAddress.Loopback;
}
