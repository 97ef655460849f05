using System.Net;

namespace Net.IntegrationTests.Interop;

/// <summary><see cref="QuicheClientTests"/> over IPv4.</summary>
[TestClass]
[TestCategory("Interop")]
public sealed class QuicheClientIpv4Tests : QuicheClientTests
{
    private protected override IPAddress Loopback => IPAddress.Loopback;
}
