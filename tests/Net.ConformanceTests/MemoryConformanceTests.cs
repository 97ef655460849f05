using System.Net;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Testing;

namespace Net.ConformanceTests;

/// <summary>The suite on the in-memory engine.</summary>
[TestClass]
public sealed class MemoryConformanceTests : EngineConformanceTests, IDisposable
{
    private readonly MemoryNetwork _network = new();

    protected override bool UsesSockets => false;

    public void Dispose() => _network.Dispose();

    protected override TransportEngine CreateEngine() => new MemoryEngine(_network);

    protected override Task<bool> HasLocalhostAsync() => Task.FromResult(true);

    protected override (IPEndPoint EndPoint, IDisposable Owner) CreateSilentEndPoint()
    {
        var endPoint = new IPEndPoint(Loopback, 9);
        _network.Stall(endPoint);
        return (endPoint, new MemoryStream());
    }
}
