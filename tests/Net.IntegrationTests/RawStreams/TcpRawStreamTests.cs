namespace Net.IntegrationTests.RawStreams;

/// <summary>Raw streams over TLS on TCP.</summary>
[TestClass]
public sealed class TcpRawStreamTests : RawStreamEngineTests
{
    protected override TransportEngine CreateEngine() => new TcpEngine();
}
