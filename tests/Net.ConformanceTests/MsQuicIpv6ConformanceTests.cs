using System.Net;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.ConformanceTests;

/// <summary>The suite on the msquic engine over IPv6.</summary>
[TestClass]
public sealed class MsQuicIpv6ConformanceTests : MsQuicConformanceTests
{
    protected override IPAddress Loopback => IPAddress.IPv6Loopback;
}
