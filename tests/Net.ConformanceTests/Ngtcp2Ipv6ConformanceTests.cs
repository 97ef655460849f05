using System.Net;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.ConformanceTests;

/// <summary>The suite on the ngtcp2 engine over IPv6.</summary>
[TestClass]
public sealed class Ngtcp2Ipv6ConformanceTests : EngineConformanceTests
{
    protected override bool IsRequired => true;

    protected override IPAddress Loopback => IPAddress.IPv6Loopback;

    protected override TransportEngine CreateEngine() => new Ngtcp2Engine(new Ngtcp2EngineOptions { LoggerFactory = Log });
}
