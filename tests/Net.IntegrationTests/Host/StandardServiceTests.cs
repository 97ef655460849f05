using System.Text.Json;
using Net.Grpc;
using Net.Grpc.Messages;
using Net.Hosting;
using Net.Hosting.Services;
using Net.Protocol.Echo;
using Net.Testing;
using ServingStatus = Net.Grpc.Messages.HealthCheckResponse.Types.ServingStatus;

namespace Net.IntegrationTests.Host;

/// <summary>Health, reflection and raw streams of the real server process, over HTTP/3 and <c>net/1</c> at one UDP port.</summary>
[TestClass]
public sealed class StandardServiceTests : HostTest
{
    [TestMethod]
    public async Task HealthWatch_OverHttp3_TellsThatTheServerServesAndThatItStops()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates, "--shutdown-timeout", "10m");
        await using ServeClient client = await ServeClient.StartAsync(server);
        await using var watch = client.Grpc.ServerStreaming(GrpcHealthMethods.Watch, new HealthCheckRequest());
        Assert.AreEqual(ServingStatus.Serving, (await watch.Responses.ReadAsync().WithTimeout())?.Status);
        Assert.AreEqual(ServingStatus.Serving, (await client.Grpc.UnaryAsync(GrpcHealthMethods.Check, new HealthCheckRequest()).WithTimeout()).Status);

        server.Terminate();

        Assert.AreEqual(ServingStatus.NotServing, (await watch.Responses.ReadAsync().WithTimeout())?.Status);
        GrpcException ended = await Assert.ThrowsExactlyAsync<GrpcException>(async () => await watch.Responses.ReadAsync().WithTimeout());
        Assert.AreEqual(GrpcStatusCode.Unavailable, ended.Code);
        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync(), server.Output);
    }

    [TestMethod]
    public async Task Reflection_OverHttp3_NamesEveryServiceAndItsFiles()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
        await using ServeClient client = await ServeClient.StartAsync(server);
        await using var call = client.Grpc.Duplex(GrpcReflectionMethods.ServerReflectionInfo);

        await call.Requests.WriteAsync(new ServerReflectionRequest { ListServices = "" }).WithTimeout();
        ServerReflectionResponse services = (await call.Responses.ReadAsync().WithTimeout())!;
        await call.Requests.WriteAsync(new ServerReflectionRequest { FileContainingSymbol = "amaters.aql.AqlService.ExecuteStream" }).WithTimeout();
        ServerReflectionResponse files = (await call.Responses.ReadAsync().WithTimeout())!;

        Assert.AreEqual(
            "amaters.aql.AqlService, crypto.CryptoService, echo.EchoService, grpc.health.v1.Health, grpc.reflection.v1.ServerReflection",
            string.Join(", ", services.ListServicesResponse.Service.Select(static service => service.Name).Order(StringComparer.Ordinal)));
        Assert.HasCount(4, files.FileDescriptorResponse.FileDescriptorProto);
    }

    [TestMethod]
    public async Task Http3AndRawStreams_AtOneUdpPort_AreServedSideBySide()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
        await using ServeClient client = await ServeClient.StartAsync(server);
        await using ConnectedClient raw = await ConnectedClient.StartAsync(server);
        await using GrpcDuplexCall<EchoRequest, EchoResponse> call = client.Grpc.Duplex(EchoMethods.EchoStream);

        for (int i = 0; i < 50; i++)
        {
            await call.Requests.WriteAsync(new EchoRequest { Payload = $"gRPC {i}" }).WithTimeout();
            await raw.EchoAsync($"raw {i}");
            Assert.AreEqual($"gRPC {i}", (await call.Responses.ReadAsync().WithTimeout())?.Payload);
        }

        using JsonDocument page = JsonDocument.Parse(await GetJsonAsync(client));
        JsonElement root = page.RootElement;
        JsonElement udp = root.GetProperty("ports").EnumerateArray().Single(static port => port.GetProperty("transport").GetString() == "UDP");
        Assert.AreEqual(server.EndPoint, udp.GetProperty("address").GetString());
        Assert.AreEqual("h3 net/1", string.Join(' ', udp.GetProperty("protocols").EnumerateArray().Select(static protocol => protocol.GetString())));
        Assert.AreEqual("h3 net/1", string.Join(' ', root.GetProperty("connections").EnumerateArray().Select(static c => c.GetProperty("protocol").GetString()).Order(StringComparer.Ordinal)));
    }

    private static async Task<string> GetJsonAsync(ServeClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = new Version(3, 0), Headers = { { "accept", "application/json" } } };
        using HttpResponseMessage response = await client.Http.SendAsync(request).WithTimeout();
        return await response.Content.ReadAsStringAsync();
    }
}
