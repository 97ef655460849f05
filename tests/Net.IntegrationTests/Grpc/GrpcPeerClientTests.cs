using System.Text.Json;
using System.Text.Json.Nodes;
using Net.Grpc;
using Net.IntegrationTests.Interop;
using Net.Server;

namespace Net.IntegrationTests.Grpc;

/// <summary>Clients that nobody here wrote, grpc-js and C-core gRPC, make gRPC's interop cases against our server over HTTP/2 and TLS.</summary>
[TestClass]
public sealed class GrpcPeerClientTests
{
    private static readonly string[] Cases =
    [
        "empty_unary", "large_unary", "client_compressed_unary", "server_compressed_unary", "client_streaming", "client_compressed_streaming", "server_streaming",
        "server_compressed_streaming", "ping_pong", "empty_stream", "custom_metadata", "status_code_and_message", "special_status_message", "unimplemented_method",
        "unimplemented_service", "cancel_after_begin", "cancel_after_first_response", "timeout_on_sleeping_server", "concurrent_large_unary", "health_check", "server_reflection",
    ];

    [TestMethod]
    public async Task GrpcJs_EveryInteropCase_Passes()
    {
        string directory = GrpcPeerFiles.RequireGrpcJs();
        await RunAsync((options, _) => PeerProcess.Start("node", ["client.js", options.ToJsonString()], directory));
    }

    [TestMethod]
    public async Task CoreGrpc_EveryInteropCase_Passes()
    {
        string python = GrpcPeerFiles.RequirePythonWithGrpc();
        await RunAsync((options, files) =>
        {
            options["descriptors"] = files.Descriptors;
            return PeerProcess.Start(python, [Setup.RepositoryFiles.PathOf("tests/peers/grpc-core/client.py"), options.ToJsonString()]);
        });
    }

    private static async Task RunAsync(Func<JsonObject, GrpcPeerFiles, PeerProcess> start)
    {
        using var files = new GrpcPeerFiles();
        await using GrpcTestServer server = await GrpcTestServer.StartAsync(application =>
        {
            application.MapNetGrpc(InteropMethods.Definition, new InteropService());
            application.MapNetGrpc(GrpcHealthService.Definition, new GrpcHealthService());
            application.MapNetGrpc(GrpcReflectionService.Definition, new GrpcReflectionService(InteropMethods.Definition, GrpcHealthService.Definition));
        });
        await using PeerProcess peer = start(new JsonObject { ["port"] = server.Port, ["ca"] = files.Authority }, files);
        foreach (string name in Cases)
        {
            await peer.TakeLineAsync(line => JsonDocument.Parse(line).RootElement.GetProperty("case").GetString() == name, $"the case '{name}'");
        }

        Assert.AreEqual(0, await peer.WaitForExitAsync(), peer.Everything);
    }
}
