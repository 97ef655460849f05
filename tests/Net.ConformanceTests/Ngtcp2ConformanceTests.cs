using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.ConformanceTests;

/// <summary>The suite on the ngtcp2 engine over IPv4.</summary>
[TestClass]
public sealed class Ngtcp2ConformanceTests : EngineConformanceTests
{
    protected override bool IsRequired => true;

    protected override TransportEngine CreateEngine() => new Ngtcp2Engine(new Ngtcp2EngineOptions { LoggerFactory = Log });
}
