using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Net.Grpc;
using Net.Protocol.Echo;
using Net.Server;
using Net.Testing;
using Net.UnitTests.Grpc;

namespace Net.UnitTests.Kestrel;

/// <summary>A deadline that passes while a response is held back: the client is told of it by a status and not by a reset.</summary>
[TestClass]
public sealed class GrpcDeadlineTests
{
    private const int Window = 16 << 10;
    private const int Message = 4 << 20;

    [TestMethod]
    [DataRow(true, DisplayName = "the handler waits for the flush alone")]
    [DataRow(false, DisplayName = "the handler gives the call's token to the write")]
    public async Task Deadline_WhileAWriteWaitsForTheClient_ComesAsTheStatus(bool hasNoToken)
    {
        var writing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var written = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var time = new ManualTimeProvider();
        var service = new ServerCallFixture
        {
            Duplex = async (_, responses, context) =>
            {
                try
                {
                    Task held = responses.WriteAsync(new EchoResponse { Payload = new string('x', Message) }, hasNoToken ? default : context.CancellationToken).AsTask();
                    writing.SetResult();
                    await held;
                    written.SetResult(null);
                }
                catch (Exception exception)
                {
                    written.SetResult(exception);
                    throw;
                }
            },
        };
        await using MemorySite site = await MemorySite.StartAsync(application =>
            application.MapNetGrpc(ServerCallFixture.Definition, service, new GrpcServerOptions { TimeProvider = time }));
        await using Http3Peer peer = await site.ConnectAsync(limits: TransportLimits.Default with { StreamReceiveWindow = Window });
        Http3Exchange exchange = await peer.BeginAsync(
            "POST", ServerCallFixture.EchoStream.Path, ("content-type", "application/grpc"), ("te", "trailers"), ("grpc-timeout", "1S"));
        await writing.Task.WithTimeout();

        time.Advance(TimeSpan.FromSeconds(1));
        Exception? failure = await written.Task.WithTimeout();
        Http3Response response = await exchange.ReadResponseAsync();

        Assert.IsInstanceOfType<OperationCanceledException>(failure);
        Assert.AreEqual(200, response.Status);
        Assert.IsGreaterThan(Message, response.Body.Length);
        Assert.AreEqual("4", response.Trailers!["grpc-status"]);
    }
}
