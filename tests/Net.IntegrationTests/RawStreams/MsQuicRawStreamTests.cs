using Net.MsQuic;

namespace Net.IntegrationTests.RawStreams;

[TestClass]
public sealed class MsQuicRawStreamTests : RawStreamEngineTests
{
    protected override TransportEngine CreateEngine() => new MsQuicEngine();
}
