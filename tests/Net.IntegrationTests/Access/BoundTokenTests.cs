using System.IO.Pipelines;
using System.Text;
using Net.Aql;
using Net.Client;
using Net.Grpc;
using Net.Protocol.Aql;
using Net.Testing;

namespace Net.IntegrationTests.Access;

/// <summary>A token that is bound to a certificate (RFC 8705) is worth nothing to whoever stole it, over whatever it travels.</summary>
[TestClass]
public sealed class BoundTokenTests
{
    private static readonly TlsIdentity Holder = TestCertificates.Shared.Client;
    private static readonly TlsIdentity Thief = TestCertificates.Shared.CreateClient(name: "thief");
    private AccessSite _site = null!;

    [TestInitialize]
    public async Task StartAsync() => _site = await AccessSite.StartAsync();

    [TestCleanup]
    public async Task StopAsync()
    {
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(2)]
    public async Task Grpc_BoundToken_IsTakenWithItsCertificateAlone(int version)
    {
        string bound = _site.CreateToken(Holder.Certificate);

        Assert.IsNull(await CallAsync(version, Holder, bound));
        Assert.AreEqual(GrpcStatusCode.Unauthenticated, await CallAsync(version, Thief, bound), "The token was good a moment ago, with another certificate.");
        Assert.AreEqual(GrpcStatusCode.Unauthenticated, await CallAsync(version, null, bound));
        Assert.IsNull(await CallAsync(version, Thief, _site.CreateToken()), "The certificate is good for whatever is not bound to another.");
        Assert.IsNull(await CallAsync(version, Thief, _site.CreateToken(Thief.Certificate)));
        Assert.IsNull(await CallAsync(version, Holder, bound));
    }

    [TestMethod]
    public async Task Raw_BoundToken_IsTakenWithItsCertificateAlone()
    {
        string bound = _site.CreateToken(Holder.Certificate);

        Assert.IsNull(await OpenAsync(Holder, bound));
        Assert.AreEqual(RawStreamErrorCodes.Unauthenticated, await OpenAsync(Thief, bound), "The token was good a moment ago, with another certificate.");
        Assert.AreEqual(RawStreamErrorCodes.Unauthenticated, await OpenAsync(null, bound));
        Assert.IsNull(await OpenAsync(Thief, _site.CreateToken()), "The certificate is good for whatever is not bound to another.");
        Assert.IsNull(await OpenAsync(Thief, _site.CreateToken(Thief.Certificate)));
        Assert.IsNull(await OpenAsync(Holder, bound));
    }

    /// <summary>Calls on a connection of its own; <c>null</c> when it is let in.</summary>
    private async Task<GrpcStatusCode?> CallAsync(int version, TlsIdentity? identity, string token)
    {
        using GrpcClient grpc = _site.CreateGrpc(version, identity);
        try
        {
            await new AqlClient(grpc).ExecuteQueryAsync(new QueryRequest { Query = AqlText.Parse("get rows/1") }, new GrpcCallOptions { Headers = new GrpcMetadata { { "authorization", "Bearer " + token } } })
                .AsTask().WithTimeout();
            return null;
        }
        catch (GrpcException exception)
        {
            return exception.Code;
        }
    }

    /// <summary>Opens a stream on a connection of its own; <c>null</c> when it is let in.</summary>
    private async Task<long?> OpenAsync(TlsIdentity? identity, string token)
    {
        await using TransportConnection connection = await _site.ConnectRawAsync(identity);
        try
        {
            await using RawStream stream = await new RawStreamClient(connection)
                .OpenAsync("who", new RawStreamOptions { Metadata = RawStreamMetadata.Create(("authorization", "Bearer " + token)) }).AsTask().WithTimeout();
            await stream.Output.CompleteAsync();
            ReadResult read = await stream.Input.ReadAtLeastAsync(100).AsTask().WithTimeout();
            Assert.AreEqual("token:https://issuer.test|alice", Encoding.UTF8.GetString(read.Buffer));
            stream.Input.AdvanceTo(read.Buffer.End);
            return null;
        }
        catch (TransportException exception)
        {
            return exception.ApplicationErrorCode;
        }
    }
}
