using System.Net;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Testing;

namespace Net.ConformanceTests;

/// <summary>The suite on an in-memory engine that can do the least an engine must: all that is optional is refused as the contract says.</summary>
[TestClass]
public sealed class MemoryWithoutExtrasConformanceTests : EngineConformanceTests, IDisposable
{
    private readonly MemoryNetwork _network = new();

    protected override IPAddress Loopback => IPAddress.IPv6Loopback;

    protected override bool UsesSockets => false;

    public void Dispose() => _network.Dispose();

    protected override TransportEngine CreateEngine() => new MemoryEngine(_network, new MemoryEngineOptions
    {
        Name = "memory-lesser",
        Capabilities = EngineCapabilities.Listen | EngineCapabilities.ConfirmedConnect | EngineCapabilities.TlsPerHandshake,
    });

    protected override Task<bool> HasLocalhostAsync() => Task.FromResult(true);

    protected override (IPEndPoint EndPoint, IDisposable Owner) CreateSilentEndPoint()
    {
        var endPoint = new IPEndPoint(Loopback, 9);
        _network.Stall(endPoint);
        return (endPoint, new MemoryStream());
    }
}
