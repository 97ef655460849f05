using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Net.Grpc;
using Net.Grpc.Messages;
using Net.IntegrationTests.Grpc.Messages;
using Net.Server;
using Net.Testing;
using ServingStatus = Net.Grpc.Messages.HealthCheckResponse.Types.ServingStatus;

namespace Net.IntegrationTests.Grpc;

/// <summary>Health, reflection, and services out of dependency injection, over one version of HTTP or the other.</summary>
public abstract class StandardServicesCases
{
    private readonly GrpcHealthService _health = new();
    private readonly Tenant _tenant = new();
    private GrpcClient? _client;

    private GrpcClient Client => _client!;

    [TestInitialize]
    public async Task StartAsync() => _client = await StartAsync(
        application =>
        {
            application.MapNetGrpc(GrpcHealthService.Definition, _health);
            application.MapNetGrpc(GrpcReflectionService.Definition, new GrpcReflectionService(GrpcHealthService.Definition, InteropMethods.Definition));
            application.MapNetGrpc(InteropMethods.Definition);
        },
        services => services.AddScoped<InteropService>().AddNetGrpc(new GrpcServerOptions { Interceptors = [_tenant] }));

    [TestCleanup]
    public async Task EndAsync()
    {
        _client?.Dispose();
        await StopAsync();
    }

    /// <summary>Starts a server, and a client for it.</summary>
    protected abstract Task<GrpcClient> StartAsync(Action<WebApplication> map, Action<IServiceCollection> services);

    protected abstract Task StopAsync();

    [TestMethod]
    public async Task Check_OfEachState_IsWhatWasSet()
    {
        _health.Set("a", isServing: true);
        _health.Set("b", isServing: false);
        _health.Set("c", isServing: true);
        _health.Remove("c");

        Assert.AreEqual(ServingStatus.Serving, await CheckAsync(""));
        Assert.AreEqual(ServingStatus.Serving, await CheckAsync("a"));
        Assert.AreEqual(ServingStatus.NotServing, await CheckAsync("b"));
        GrpcException unknown = await Assert.ThrowsExactlyAsync<GrpcException>(() => CheckAsync("c"));
        Assert.AreEqual(GrpcStatusCode.NotFound, unknown.Code);
    }

    [TestMethod]
    public async Task Watch_StatesThatChange_AreToldUntilTheServerShutsDown()
    {
        await using var watch = Client.ServerStreaming(GrpcHealthMethods.Watch, new HealthCheckRequest { Service = "a" });
        Assert.AreEqual(ServingStatus.ServiceUnknown, await NextAsync());
        _health.Set("a", isServing: true);
        Assert.AreEqual(ServingStatus.Serving, await NextAsync());
        _health.Set("other", isServing: true);
        _health.Set("a", isServing: true);
        _health.Set("a", isServing: false);
        Assert.AreEqual(ServingStatus.NotServing, await NextAsync());
        _health.Set("a", isServing: true);
        Assert.AreEqual(ServingStatus.Serving, await NextAsync());
        _health.ShutDown();
        Assert.AreEqual(ServingStatus.NotServing, await NextAsync());
        GrpcException ended = await Assert.ThrowsExactlyAsync<GrpcException>(NextAsync);
        _health.Set("a", isServing: true);

        Assert.AreEqual(GrpcStatusCode.Unavailable, ended.Code);
        Assert.AreEqual(ServingStatus.NotServing, await CheckAsync("a"));

        async Task<ServingStatus> NextAsync() => (await watch.Responses.ReadAsync().WithTimeout())!.Status;
    }

    [TestMethod]
    public async Task Reflection_EachQuestion_IsAnswered()
    {
        await using var call = Client.Duplex(GrpcReflectionMethods.ServerReflectionInfo);
        ServerReflectionResponse services = await AskAsync(new() { Host = "h", ListServices = "" });
        ServerReflectionResponse byName = await AskAsync(new() { FileByFilename = "grpc/testing/messages.proto" });
        ServerReflectionResponse byMethod = await AskAsync(new() { FileContainingSymbol = "grpc.testing.TestService.UnaryCall" });
        ServerReflectionResponse byField = await AskAsync(new() { FileContainingSymbol = "grpc.testing.SimpleRequest.payload" });
        ServerReflectionResponse byEnum = await AskAsync(new() { FileContainingSymbol = "grpc.health.v1.HealthCheckResponse.ServingStatus" });
        ServerReflectionResponse unknown = await AskAsync(new() { FileContainingSymbol = "no.such" });
        ServerReflectionResponse extensions = await AskAsync(new() { AllExtensionNumbersOfType = "grpc.testing.Payload" });
        ServerReflectionResponse noExtensions = await AskAsync(new() { FileContainingExtension = new ExtensionRequest { ContainingType = "grpc.testing.Payload", ExtensionNumber = 5 } });
        ServerReflectionResponse nothing = await AskAsync(new());

        Assert.AreEqual(
            "grpc.health.v1.Health, grpc.reflection.v1.ServerReflection, grpc.testing.TestService",
            string.Join(", ", services.ListServicesResponse.Service.Select(s => s.Name)));
        Assert.AreEqual("h", services.ValidHost);
        Assert.AreEqual("grpc/testing/messages.proto", NamesOf(byName));
        Assert.AreEqual("grpc/testing/test.proto, grpc/testing/empty.proto, grpc/testing/messages.proto", NamesOf(byMethod));
        Assert.AreEqual("grpc/testing/messages.proto", NamesOf(byField));
        Assert.AreEqual("grpc/health/v1/health.proto", NamesOf(byEnum));
        Assert.AreEqual((int)GrpcStatusCode.NotFound, unknown.ErrorResponse.ErrorCode);
        Assert.AreEqual("no.such", unknown.OriginalRequest.FileContainingSymbol);
        Assert.AreEqual("grpc.testing.Payload", extensions.AllExtensionNumbersResponse.BaseTypeName);
        Assert.AreEqual((int)GrpcStatusCode.NotFound, noExtensions.ErrorResponse.ErrorCode);
        Assert.AreEqual((int)GrpcStatusCode.InvalidArgument, nothing.ErrorResponse.ErrorCode);

        async Task<ServerReflectionResponse> AskAsync(ServerReflectionRequest request)
        {
            await call.Requests.WriteAsync(request).WithTimeout();
            return (await call.Responses.ReadAsync().WithTimeout())!;
        }

        static string NamesOf(ServerReflectionResponse response) =>
            string.Join(", ", response.FileDescriptorResponse.FileDescriptorProto.Select(bytes => FileDescriptorProto.Parser.ParseFrom(bytes).Name));
    }

    [TestMethod]
    public async Task Service_OutOfDependencyInjection_IsMadeForEachCallAndSeenByInterceptors()
    {
        await Client.UnaryAsync(InteropMethods.EmptyCall, new Empty(), new GrpcCallOptions { Headers = new GrpcMetadata { { "tenant", "one" } } }).WithTimeout();
        GrpcException refused = await Assert.ThrowsExactlyAsync<GrpcException>(() =>
            Client.UnaryAsync(InteropMethods.EmptyCall, new Empty(), new GrpcCallOptions { Headers = new GrpcMetadata { { "tenant", "two" } } }).WithTimeout());

        Assert.AreEqual(new GrpcStatus(GrpcStatusCode.PermissionDenied, "Not two."), refused.Status);
        StringAssert.StartsWith(_tenant.Peer, "ipv4:127.0.0.1:");
        StringAssert.StartsWith(_tenant.Path, "/grpc.testing.TestService/");
    }

    private async Task<ServingStatus> CheckAsync(string service) =>
        (await Client.UnaryAsync(GrpcHealthMethods.Check, new HealthCheckRequest { Service = service }).WithTimeout()).Status;

    private sealed class Tenant : GrpcServerInterceptor
    {
        public string Peer { get; private set; } = "";

        public string Path { get; private set; } = "";

        public override ValueTask InvokeAsync(GrpcServerContext context, Func<GrpcServerContext, ValueTask> continuation)
        {
            Peer = context.Peer;
            Path = context.GetHttpContext().Request.Path;
            return context.RequestHeaders.Get("tenant") == "two" ? throw new GrpcException(GrpcStatusCode.PermissionDenied, "Not two.") : continuation(context);
        }
    }
}
