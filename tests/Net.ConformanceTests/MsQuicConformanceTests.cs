using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.MsQuic;
using Net.Testing;

namespace Net.ConformanceTests;

/// <summary>The suite on the msquic engine over IPv4.</summary>
[TestClass]
public class MsQuicConformanceTests : EngineConformanceTests
{
    // System.Net.Quic has no property for it.
    protected override bool TellsServerVersion => false;

    // The library reports it before System.Net.Quic has put its handler on a new connection.
    protected override bool TellsServerFirstCredit => false;

    // System.Net.Quic takes up to 64 KiB of each stream out of the library's sight, which doubles the stream's window for such a fast reader, and the library keeps a send buffer of its own.
    protected override int BackPressureSlack => 1 << 20;

    protected override TransportEngine CreateEngine() => new MsQuicEngine();
}
