using Net.MsQuic;

namespace Net.IntegrationTests.Security;

[TestClass]
public sealed class MsQuicRotationTests : RotationTests
{
    protected override TransportEngine CreateEngine() => new MsQuicEngine();
}
