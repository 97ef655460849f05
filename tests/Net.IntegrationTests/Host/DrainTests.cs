using System.Buffers.Binary;
using Google.Protobuf;
using Net.Grpc;
using Net.Hosting;
using Net.Hosting.Services;
using Net.Protocol.Echo;
using Net.Testing;
using Net.UnitTests.Kestrel;

namespace Net.IntegrationTests.Host;

/// <summary>The real server process told to stop while calls over HTTP/3 run.</summary>
[TestClass]
public sealed class DrainTests : HostTest
{
    private const int PrefixLength = 5;
    private const long RequestRejected = 0x10b;

    [TestMethod]
    [DataRow(15, DisplayName = "SIGTERM")]
    [DataRow(2, DisplayName = "Ctrl-C")]
    public async Task Serve_TerminatedWhileCallsRun_SendsGoAwayAndEndsWithTheLastOfThem(int signal)
    {
        // Longer than the test waits: what ends earlier did so by itself.
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates, "--shutdown-timeout", "10m");
        await using ServeClient client = await ServeClient.StartAsync(server);
        await using GrpcDuplexCall<EchoRequest, EchoResponse> call = client.Grpc.Duplex(EchoMethods.EchoStream);
        await EchoAsync(call, "before");
        await using TransportEngine engine = await ConnectedClient.SelectEngineAsync();
        await using Http3Peer peer = await Http3Peer.StartAsync(await ConnectedClient.ConnectAsync(engine, server, "h3"));
        Http3Exchange request = await peer.BeginAsync("POST", "/echo.EchoService/Echo", ("content-type", "application/grpc"), ("te", "trailers"));
        byte[] message = Frame(new EchoRequest { Payload = "by hand" });
        await request.SendDataAsync(message[..^3]);
        await server.WaitForCallsAsync(2);

        server.Signal(signal);
        await server.WaitForAsync("Stopping");

        (long type, _) = (await (await peer.Control).ReadFrameAsync())!.Value;
        Assert.AreEqual(Http3Bytes.GoAway, type);
        Assert.AreEqual(RequestRejected, await AskLateAsync(peer));
        await EchoAsync(call, "after the signal");
        await call.CompleteRequestsAsync().WithTimeout();
        Assert.IsNull(await call.Responses.ReadAsync().WithTimeout());
        Assert.IsFalse(server.HasExited, server.Output);
        await request.SendDataAsync(message[^3..], end: true);
        Http3Response response = await request.ReadResponseAsync();
        Assert.AreEqual("0", response.Trailers!["grpc-status"]);
        Assert.AreEqual("by hand", EchoResponse.Parser.ParseFrom(response.Body.AsSpan(PrefixLength)).Payload);
        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync());
        Assert.Contains("every call and every stream ended by itself", server.Output);
    }

    /// <summary>The code with which a request is refused: perhaps while it is still being sent.</summary>
    private static async Task<long?> AskLateAsync(Http3Peer peer)
    {
        try
        {
            Http3Exchange late = await peer.BeginGetAsync("/");
            return await late.ReadResetAsync();
        }
        catch (TransportException refusal) when (refusal.Error == TransportError.StreamReset)
        {
            return refusal.ApplicationErrorCode;
        }
    }

    private static async Task EchoAsync(GrpcDuplexCall<EchoRequest, EchoResponse> call, string text)
    {
        await call.Requests.WriteAsync(new EchoRequest { Payload = text }).WithTimeout();
        Assert.AreEqual(text, (await call.Responses.ReadAsync().WithTimeout())?.Payload);
    }

    /// <summary>A message as gRPC sends it: not compressed, its length, its bytes.</summary>
    private static byte[] Frame(EchoRequest request)
    {
        byte[] payload = request.ToByteArray();
        byte[] frame = [0, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length);
        return frame;
    }
}
