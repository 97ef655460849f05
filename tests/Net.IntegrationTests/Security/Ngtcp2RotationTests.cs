using Net.Ngtcp2;

namespace Net.IntegrationTests.Security;

[TestClass]
public sealed class Ngtcp2RotationTests : RotationTests
{
    protected override TransportEngine CreateEngine() => new Ngtcp2Engine();
}
